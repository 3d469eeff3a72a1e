import { expect, test } from 'vitest';
import { readFixtureJson } from '../../test/fixtures.ts';
import { EngineError } from '../errors.ts';
import { JsonConfig } from '../json-config.ts';
import { parseSchedulerConfig, withOverrides } from './config.ts';

const file = 'model/scheduler/scheduler_config.json';
const playground = parseSchedulerConfig(new JsonConfig(readFixtureJson(file), file));

test('the published configuration of Playground v2.5 is understood', () => {
  expect(playground).toEqual({
    algorithm: 'edm_dpmpp_2m',
    sigmaMin: 0.002,
    sigmaMax: 80,
    sigmaData: 0.5,
    rho: 7,
    sigmaSchedule: 'karras',
    solverOrder: 2,
    solverType: 'midpoint',
    finalSigmas: 'zero',
    lowerOrderFinal: true,
    eulerAtFinal: false,
    predictionType: 'epsilon',
  });
});

test('an empty configuration has the reference’s defaults, which are Playground’s', () => {
  expect(parseSchedulerConfig(new JsonConfig({}, file))).toEqual(playground);
});

test('unknown keys are ignored and null counts as absent', () => {
  const json = { clip_sample: true, timestep_spacing: 'leading', sigma_schedule: null };
  expect(parseSchedulerConfig(new JsonConfig(json, file))).toEqual(playground);
});

test('every known key is read', () => {
  const json = {
    _class_name: 'EDMEulerScheduler',
    sigma_min: 0.01,
    sigma_max: 40,
    sigma_data: 1,
    rho: 5,
    sigma_schedule: 'exponential',
    solver_order: 3,
    solver_type: 'heun',
    final_sigmas_type: 'sigma_min',
    lower_order_final: false,
    euler_at_final: true,
    thresholding: true,
    dynamic_thresholding_ratio: 0.9,
    sample_max_value: 2,
  };
  expect(parseSchedulerConfig(new JsonConfig(json, file))).toEqual({
    algorithm: 'edm_euler',
    sigmaMin: 0.01,
    sigmaMax: 40,
    sigmaData: 1,
    rho: 5,
    sigmaSchedule: 'exponential',
    solverOrder: 3,
    solverType: 'heun',
    finalSigmas: 'sigma_min',
    lowerOrderFinal: false,
    eulerAtFinal: true,
    predictionType: 'epsilon',
    thresholding: { ratio: 0.9, sampleMaxValue: 2 },
  });
});

test.each([
  ['_class_name', 'EulerDiscreteScheduler', 'use one trained with EDM'],
  ['algorithm_type', 'sde-dpmsolver++', 'write "dpmsolver++"'],
  ['prediction_type', 'v_prediction', 'epsilon prediction'],
  ['sigma_schedule', 'polyexponential', 'write "karras"'],
  ['solver_order', 4, 'write 2'],
  ['solver_type', 'bh2', 'write "midpoint"'],
  ['final_sigmas_type', 'last', 'write "zero"'],
])('%s %s is refused with the file, the key and a remedy', (key, value, remedy) => {
  const refusal = refusalOf({ [key]: value });
  expect(refusal.code).toBe('model_unsupported');
  expect(refusal.details.file).toBe(file);
  for (const part of [file, key, JSON.stringify(value), remedy]) expect(refusal.message).toContain(part);
});

test.each([
  ['sigma_min', 0],
  ['sigma_min', 90],
  ['sigma_max', -1],
  ['sigma_max', '80'],
  ['rho', 0],
  ['lower_order_final', 'yes'],
])('%s = %s is not a valid configuration', (key, value) => {
  const refusal = refusalOf({ [key]: value });
  expect(refusal.code).toBe('model_config_invalid');
  expect(refusal.message).toContain(file);
  expect(refusal.message).toContain(key);
});

test('a thresholding quantile beyond 1 and a file that is no object are refused', () => {
  expect(refusalOf({ thresholding: true, dynamic_thresholding_ratio: 2 }).message).toContain('between 0 and 1 (got 2)');
  expect(refusalOf([]).code).toBe('model_config_invalid');
});

test('a request changes only what it names', () => {
  expect(withOverrides(playground, {})).toEqual(playground);
  expect(withOverrides(playground, { name: 'edm_euler' })).toEqual({ ...playground, algorithm: 'edm_euler' });
  expect(withOverrides(playground, { overrides: { solverOrder: 3, solverType: 'heun' } })).toEqual({
    ...playground,
    solverOrder: 3,
    solverType: 'heun',
  });
  expect(withOverrides(playground, { overrides: { sigmaSchedule: 'exponential' } }).sigmaSchedule).toBe('exponential');
});

function refusalOf(json: unknown): EngineError {
  try {
    parseSchedulerConfig(new JsonConfig(json, file));
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown;
  }
  throw new Error('nothing was refused');
}
