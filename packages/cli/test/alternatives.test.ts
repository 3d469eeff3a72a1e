import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startEasel, temporaryFolder } from './run-easel.ts';

test('alternatives make a picture each, or one that the seed picks, with a line of JSON for every prompt', async () => {
  const cwd = temporaryFolder();
  const options = ['--size', '64x64', '--steps', '1', '--seed', '7', '--json', '--style', 'ink'];
  const run = (...more: string[]) =>
    startEasel(['generate', 'a {red|blue} fox', ...options, ...more], { cwd }).finished;
  const promptsOf = (stdout: string) =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).prompt);
  const all = await run('--alternatives', 'all');
  expect(promptsOf(all.stdout)).toEqual(['a red fox', 'a blue fox']);
  const picked = await run('--alternatives', 'random', '--samples', '4', '-o', 'picked/');
  expect(promptsOf(picked.stdout)).toHaveLength(4);
  expect(new Set(promptsOf(picked.stdout))).toEqual(new Set(['a red fox', 'a blue fox']));
  expect(
    readdirSync(`${cwd}/picked`)
      .map((name) => name.replace(/^a-(red|blue)-fox-/, ''))
      .sort(),
  ).toEqual(['10.png', '7.png', '8.png', '9.png']);
});
