import { expect, test } from 'vitest';
import { otherLoad, recommendProfile, tellCores, tellEstimate, tellSpeeds } from './doctor-compute.ts';

const cpu = { name: 'cpu', title: 'CPU', arithmetic: 'float32' } as const;
const webgpu = { name: 'webgpu', title: 'WebGPU', arithmetic: 'float32' } as const;

const estimate = (int8: number) => ({
  width: 1024,
  height: 1024,
  steps: 50,
  seconds: { exact: 3 * int8, int8, fast: 0.4 * int8 },
});

test.each([
  ['exact where 8 bits gain little', 1.1, undefined, 'exact'],
  ['exact also for a slow model then', 1.1, estimate(3000), 'exact'],
  ['int8 where they gain much', 2.2, undefined, 'int8'],
  ['int8 where its pictures take a few minutes', 2.2, estimate(200), 'int8'],
  ['fast where they take longer', 2.2, estimate(2000), 'fast'],
])('recommended is %s', (_, gain, picture, profile) => {
  const { detail, values } = recommendProfile(gain, picture, cpu);
  expect(values).toEqual({ recommended: profile });
  expect(detail).toMatch(new RegExp(`^--profile ${profile} is recommended: .+`));
});

test('the estimate names the picture and the time of each profile', () => {
  const { detail, values } = tellEstimate('my-model', estimate(100), cpu);
  expect(detail).toContain(
    'my-model, 1024×1024, 50 steps, on the CPU: about exact 5:00 min, int8 1:40 min, fast 40 s or less',
  );
  expect(values).toEqual({ width: 1024, height: 1024, steps: 50, exactMs: 300_000, int8Ms: 100_000, fastMs: 40_000 });
});

test('where pictures are made on a graphics card, int8 is not recommended, and the estimate says that it is of the CPU', () => {
  const { detail, values } = recommendProfile(2.2, estimate(2000), webgpu);
  expect(values).toEqual({ recommended: 'exact' });
  expect(detail).toContain('on WebGPU (webgpu) there is no int8, which runs on the CPU only');
  expect(tellEstimate('my-model', estimate(100), webgpu).detail).toMatch(/, on the CPU: .* are made on WebGPU/);
});

test('where the device that is named cannot be used, the recommendation names the CPU', () => {
  const { detail, values } = recommendProfile(2.2, undefined, undefined);
  expect(values).toEqual({ recommended: 'int8' });
  expect(detail).toMatch(/^--device cpu --profile int8 is recommended/);
});

test('what was measured beside busy programs says so', () => {
  expect([otherLoad(0.4, { cores: 2 }), otherLoad(0.5, { cores: 2 }), otherLoad(0.5, { cores: 8 })]).toEqual([
    undefined,
    0.5,
    undefined,
  ]);
  expect(otherLoad(0.5, { cores: 8, quota: 1.5 })).toBe(0.5);
  const speeds = { linear: 1, conv: 1, floatLinear: 1, floatConv: 1, attention: 1 };
  const tellings = [
    (load?: number) => tellEstimate('m', estimate(100), cpu, load),
    (load?: number) => tellSpeeds({ exact: speeds, int8: speeds }, 2, load),
  ];
  for (const tell of tellings) {
    expect(tell(1.5)).toMatchObject({
      detail: expect.stringContaining('the machine was busy (load 1.5)'),
      values: { load: 1.5 },
    });
    expect(tell().detail).not.toContain('busy');
  }
});

test('a quota is told where it is less than the cores', () => {
  expect(tellCores({ cores: 8, quota: 1.5 }, 2, 'Any CPU').detail).toBe(
    '8 × Any CPU, of which a quota allows 1.50; the engine uses 2 threads',
  );
  expect(tellCores({ cores: 1 }, 1, 'Any CPU').detail).toBe('1 × Any CPU; the engine uses 1 thread');
  expect(tellCores({ cores: 2, quota: 64 }, 2, 'Any CPU').detail).toBe('2 × Any CPU; the engine uses 2 threads');
});
