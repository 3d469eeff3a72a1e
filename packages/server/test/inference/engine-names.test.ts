import { deviceNames, familyNames, imageFormats, limits, profileNames, samplerNames } from '@easel/contract';
import {
  deviceNames as engineDevices,
  familyNames as engineFamilies,
  imageFormats as engineFormats,
  engineLimits,
  profileNames as engineProfiles,
  familySamplers,
  inspectModel,
} from '@easel/engine';
import { demoModelPath } from '@easel/models';
import { expect, test } from 'vitest';
import { openServedModel } from '../../src/models/served-models.ts';

// The engine knows nothing of the contract, so that what both say is compared here.

test('the samplers that requests may name are those that the engine has for its models', () => {
  expect(familySamplers.toSorted()).toEqual([...samplerNames].sort());
});

test('a model publishes the samplers of its own', async () => {
  const { card } = await openServedModel({ slug: 'demo', model: demoModelPath }, true, {});
  expect(card.allowed.scheduler?.choices).toEqual((await inspectModel(demoModelPath)).info?.samplers);
});

test('the profiles that requests may name are those of the engine', () => {
  expect(profileNames).toEqual(engineProfiles);
});

test('the devices that jobs and settings name are those of the engine', () => {
  expect(deviceNames).toEqual(engineDevices);
});

test('the families that models and settings name are those of the engine', () => {
  expect(familyNames).toEqual(engineFamilies);
});

test('formats and ranges are those of the engine', () => {
  expect([...imageFormats].sort()).toEqual([...engineFormats].sort());
  const { samples, steps, side, strength, rescale } = engineLimits;
  expect({ samples, steps, side, strength, guidanceRescale: rescale }).toMatchObject({
    samples: limits.samples,
    steps: limits.steps,
    side: limits.side,
    strength: limits.strength,
    guidanceRescale: limits.guidanceRescale,
  });
});
