import { statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { describe, expect, test } from 'vitest';
import { fixturePath } from '../../test/fixtures.ts';
import { loraBytes, withLoras } from '../loading/memory-needs.ts';
import {
  chosenUse,
  deviceUse,
  machineMemory,
  memoryUses,
  outcomeOf,
  parseMemory,
  peakBytes,
  preparedSizes,
  requireMemory,
  shareOfMemory,
  useFor,
} from './memory.ts';

/** Playground v2.5 in half precision and in 8 bits. */
const exact = {
  texts: { weights: 1.63e9, work: 0.05e9 },
  denoise: { weights: 5.13e9, work: 1e9 },
  pixels: { weights: 0.17e9, work: 3.7e9 },
};
const int8 = {
  texts: { weights: 0.92e9, work: 0.05e9 },
  denoise: { weights: 2.65e9, work: 1e9 },
  pixels: { weights: 0.12e9, work: 3.7e9 },
};

test('models that share the memory are each given their part of it, unless what stays in memory is named', () => {
  expect(shareOfMemory('auto', 1, 16e9)).toBe('auto');
  expect(shareOfMemory('auto', 0.5, 16e9)).toBe(8);
  expect(shareOfMemory(12, 0.25, 16e9)).toBe(3);
  expect(shareOfMemory('small', 0.5, 16e9)).toBe('small');
  expect(shareOfMemory('auto', 0.5, undefined)).toBe('auto');
});

describe('which use suits a machine', () => {
  test.each([
    ['exact', exact, 4, 'small'],
    ['exact', exact, 8, 'small'],
    ['exact', exact, 12, 'normal'],
    ['exact', exact, 16, 'large'],
    ['int8', int8, 8, 'small'],
    ['int8', int8, 9, 'normal'],
    ['int8', int8, 16, 'large'],
  ] as const)('%s on %s, with %d GB: %s', (_, needs, gigabytes, use) => {
    expect(useFor(needs, gigabytes * 1e9)).toBe(use);
    expect(chosenUse(gigabytes, needs)).toBe(use);
  });

  test('LoRAs that are expected count with the UNet; a file that is not there does not', async () => {
    const file = fixturePath('loras/peft.safetensors');
    expect(await loraBytes([file, file, '/nowhere.safetensors'])).toBe(4 * statSync(file).size);
    expect(await loraBytes()).toBe(0);
    expect(useFor(withLoras(exact, 0), 16e9)).toBe('large');
    expect(useFor(withLoras(exact, 6e9), 16e9)).toBe('small');
  });

  test('a larger use needs no less, and the smallest holds the promises of an 8 GB machine', () => {
    for (const needs of [exact, int8]) {
      const peaks = memoryUses.map((use) => peakBytes(needs, use));
      expect(peaks).toEqual(peaks.toSorted((a, b) => a - b));
    }
    expect(peakBytes(exact, 'small')).toBeLessThan(7.5e9);
    expect(peakBytes(int8, 'small')).toBeLessThan(5e9);
  });

  test.each([
    [exact, 8, 'fits'],
    [exact, 5, 'rereads'],
    [exact, 3.5, 'fails'],
    [int8, 5, 'fits'],
    [int8, 4, 'rereads'],
  ] as const)('of little memory is told what happens, case %#', (needs, gigabytes, outcome) => {
    expect(outcomeOf(needs, 'small', gigabytes * 1e9)).toBe(outcome);
  });

  test('of sessions with weights of their own only as many are kept as there is memory for, one at least', () => {
    for (const [use, most] of [
      ['small', 1],
      ['normal', 2],
      ['large', 4],
    ] as const)
      expect(preparedSizes(use, int8, 0)).toBe(most);
    expect(preparedSizes(12, int8, 2.4e9)).toBe(1);
    expect(preparedSizes(14, int8, 2.4e9)).toBe(2);
    expect(preparedSizes(64, int8, 2.4e9)).toBe(4);
    expect(preparedSizes(2, int8, 2.4e9)).toBe(1);
  });

  test('a use that is named is taken, whatever the machine', () => {
    for (const use of memoryUses) expect(chosenUse(use, exact)).toBe(use);
  });

  test('this process has some memory, and no more than the machine', () => {
    expect(machineMemory()).toBeGreaterThan(0);
    expect(machineMemory()).toBeLessThanOrEqual(totalmem());
  });
});

test.each([
  ['auto', 'auto'],
  ['small', 'small'],
  ['8', 8],
  ['7.5', 7.5],
])('the text %s is read', (text, setting) => {
  expect(parseMemory(text)).toBe(setting);
});

test.each(['', '0', '-8', '8GB', 'tiny', 'Small', '1e3'])('the text %j is refused, with what is allowed', (text) => {
  expect(() => parseMemory(text)).toThrow('memory must be auto, small, normal, large or a number of gigabytes above 0');
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, null, {}])('%s is no setting', (given) => {
  expect(() => requireMemory(given)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});

describe('the use on a device', () => {
  /** Playground v2.5 at 1024×1024 in float32. */
  const needs = {
    texts: { weights: 1.64e9, work: 0.05e9 },
    denoise: { weights: 5.14e9, work: 2.2e9 },
    pixels: { weights: 0.17e9, work: 4.3e9 },
  };
  const [webgpu, cuda] = [{ keepsReleasedWeights: true }, { keepsReleasedWeights: false }];

  test.each([
    [8, 'small'],
    [10, 'small'],
    [12, 'large'],
    [24, 'large'],
  ] as const)('of %d GB is %s, as the system tells it or as it is given', (gigabytes, use) => {
    expect(deviceUse('auto', needs, webgpu, gigabytes * 1e9)).toBe(use);
    expect(deviceUse(gigabytes, needs, webgpu, 1e9)).toBe(use);
  });

  test('of unknown memory is large at first', () => {
    expect(deviceUse('auto', needs, webgpu, undefined)).toBe('large');
  });

  test('that is named is taken; normal only where released networks go', () => {
    expect(deviceUse('large', needs, webgpu, 8e9)).toBe('large');
    expect(deviceUse('small', needs, webgpu, 24e9)).toBe('small');
    expect(deviceUse('normal', needs, webgpu, 24e9)).toBe('small');
    expect(deviceUse('normal', needs, cuda, 24e9)).toBe('normal');
    expect(deviceUse('auto', needs, cuda, 10.5e9)).toBe('normal');
  });
});
