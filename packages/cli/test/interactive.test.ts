import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startEasel, temporaryFolder } from './run-easel.ts';

test('prompts are typed one after another: options are set in between, Ctrl-C cancels a picture, and what fails does not end it', async () => {
  const cwd = temporaryFolder();
  const args = ['generate', '--interactive', '--size', '64x64', '--steps', '1', '--seed', '7', '--no-show'];
  const { process: child, finished, said } = startEasel(args, { cwd, stdin: null });
  const type = (line: string) => child.stdin?.write(`${line}\n`);
  type('a fox');
  await said(/1 step of/);
  type('/set steps 2');
  type('/set negative-prompt snow and ice');
  type('/options');
  await said(/negative-prompt snow and ice\n/);
  type('an owl');
  await said(/2 steps of/);
  type('/unset steps');
  type('/set steps many');
  await said(/--steps must be a whole number from 1 to 100 \(got many\)/);
  type('/set model other');
  await said(/--model cannot be changed here/);
  type('/fly');
  await said(/no command \/fly/);

  type('/set steps 100');
  type('/set size 256x256');
  type('a long one');
  await said(/step 10 of 100/);
  child.kill('SIGINT');
  await said(/cancelled\n/);
  type('/set steps 3');
  type('/set size 64x64');
  type('a panda');
  await said(/3 steps of/);
  child.stdin?.end();
  const { status, stdout } = await finished;
  expect(status).toBe(0);
  expect(stdout.trim().split('\n').sort()).toEqual(['a-fox-7.png', 'a-panda-7.png', 'an-owl-7.png']);
  expect(readdirSync(cwd).sort()).toEqual(['a-fox-7.png', 'a-panda-7.png', 'an-owl-7.png']);
});

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
