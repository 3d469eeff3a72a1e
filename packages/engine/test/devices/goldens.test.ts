import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { runSource } from '../../../../tests/support/run-easel.ts';
import { softwareDevice, tooLong } from '../../../../tests/support/software-device.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const repository = resolve(import.meta.dirname, '../../../..');

interface Subject {
  readonly what: string;
  readonly file: string;
  /** Which of its tests, by their names, and how many these are. */
  readonly tests: string;
  readonly count: number;
}

/**
 * Tests of the golden cases, run as they are in a process on the software device. SwiftShader takes a minute for one: `npm run test:swiftshader` runs it,
 * `npm run test:lavapipe` all.
 */
const few: readonly Subject[] = [
  {
    what: 'a picture with guidance from a start image: texts, prediction, every step, pixels',
    file: 'pipeline.test.ts',
    tests: 'diffusers folder.*mapped.* 17_',
    count: 1,
  },
];
const others: readonly Subject[] = [
  { what: 'all other pictures', file: 'pipeline.test.ts', tests: 'diffusers folder.*mapped.* (0|1[0-6])', count: 16 },
  { what: 'the UNet, in batches', file: 'unet.test.ts', tests: 'diffusers folder.*mapped', count: 3 },
  { what: 'the VAE, also in tiles', file: 'vae.test.ts', tests: 'diffusers folder.*(mapped|tiles)', count: 4 },
  { what: 'single blocks, of small values', file: 'blocks.test.ts', tests: '.', count: 3 },
  { what: 'the tiny decoder', file: 'tiny-vae.test.ts', tests: 'the file of that folder.*decodes latents', count: 2 },
  { what: 'adapters of every form', file: 'loras.test.ts', tests: 'with the adapters of', count: 9 },
];
const subjects = softwareDevice.name === 'lavapipe' ? [...few, ...others] : few;

test.for(subjects)('the golden cases hold on the software device: $what', async (subject, { skip }) => {
  if (softwareDevice.missing !== undefined) skip(softwareDevice.missing);
  if (tooLong !== undefined) skip(tooLong);
  const { passed, failures } = await runTests(subject.file, subject.tests);
  expect(failures).toEqual([]);
  expect(passed).toBe(subject.count);
});

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly failureMessages: readonly string[] }[];
  }[];
}

/** Runs the tests of a file of the goldens whose names match, in a process of their own. */
async function runTests(file: string, names: string) {
  const report = join(await temporaryFolder(), 'report.json');
  const vitest = resolve(repository, 'node_modules/vitest/vitest.mjs');
  const args = ['run', `packages/engine/test/goldens/${file}`, '-t', names, '--maxWorkers=1', '--reporter=json'];
  const env = { ...process.env, ...(await softwareDevice.environment()), EASEL_TEST_DEVICE: 'webgpu' };
  const run = runSource(vitest, [...args, `--outputFile=${report}`], { cwd: repository, env });
  await run.ended;
  const text = await readFile(report, 'utf8').catch(() => {
    throw new Error(`the tests ended without a report:\n${run.output().slice(-4000)}`);
  });
  const { numPassedTests: passed, testResults }: Report = JSON.parse(text);
  const failures = testResults.flatMap(({ message, assertionResults }) => [
    ...assertionResults.flatMap(({ status, failureMessages }) => (status === 'failed' ? failureMessages : [])),
    ...(message === '' ? [] : [message]),
  ]);
  return { passed, failures };
}
