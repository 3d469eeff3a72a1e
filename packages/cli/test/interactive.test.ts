import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateCommand } from '../src/commands/generate.ts';
import type { GenerateFlags } from '../src/generate/flags.ts';
import { changeableOptions } from '../src/generate/interactive.ts';
import { easel, startEasel, temporaryFolder } from './run-easel.ts';

const options = ['--size', '64x64', '--steps', '1', '--seed', '7', '--no-show'];

test('prompts from a pipe: options are set in between, Ctrl-C cancels a picture, and what fails does not end it', async () => {
  const cwd = temporaryFolder();
  const {
    process: child,
    finished,
    said,
  } = startEasel(['generate', '--interactive', ...options], { cwd, stdin: null });
  const type = (line: string) => child.stdin?.write(`${line}\n`);
  type('a fox');
  await said(/1 step of/);
  type('/steps 2');
  type('/set negative-prompt snow and ice');
  type('/prompt-2 "quoted"');
  type('/width 128');
  type('/overwrite');
  type('/options');
  await said(/negative-prompt snow and ice\n/);
  await said(/\/prompt-2 quoted\n/);
  type('an owl');
  await said(/128×64, 2 steps of/);
  for (const name of ['steps', 'prompt-2', 'width']) type(`/unset ${name}`);
  type('/overwrite off');
  type('/steps many');
  await said(/--steps must be a whole number from 1 to 100 \(got many\)/);
  type('/model other');
  await said(/--model is set when the loop is started/);
  type('/seeed 3');
  await said(/there is no command or option "\/seeed"\n.*did you mean \/seed\?/);
  type('/size');
  await said(/\/size needs a value/);
  type('/style nothing-like-this');
  type('a hare');
  await said(/--style must be a known style/);
  type('/unset style');

  type('/steps 100');
  type('/size 256x256');
  type('a long one');
  await said(/step 10 of 100/);
  child.kill('SIGINT');
  await said(/cancelled\n/);
  type('/steps 3');
  type('/size 64x64');
  type('a panda');
  await said(/3 steps of/);
  child.stdin?.end();
  const { status, stdout, stderr } = await finished;
  expect(status, stderr).toBe(2);
  expect(stdout.trim().split('\n').sort()).toEqual(['a-fox-7.png', 'a-panda-7.png', 'an-owl-7.png']);
  expect(readdirSync(cwd).sort()).toEqual(['a-fox-7.png', 'a-panda-7.png', 'an-owl-7.png']);
});

test('without a picture to cancel Ctrl-C ends a loop that is read from a pipe', async () => {
  const cwd = temporaryFolder();
  const { process: child, finished, said } = startEasel(['generate', '-i', ...options], { cwd, stdin: null });
  child.stdin?.write('/options\n');
  await said(/\/seed 7\n/);
  child.kill('SIGINT');
  expect(await finished).toMatchObject({ status: 130, stderr: expect.stringContaining('stopped') });
});

test('each option of easel generate is one that a loop can change, or one that the model is loaded with', () => {
  const flags = { samples: 1, metadata: true, show: false };
  const optionsOf = (given: Partial<GenerateFlags> = {}) =>
    changeableOptions(
      generateCommand(async () => {}),
      { ...flags, ...given },
    );
  const changeable = optionsOf();
  const ofModel = changeable.filter(({ helpGroupHeading: group }) => /Model|Server|image/i.test(group ?? ''));
  expect(ofModel.map(({ long }) => long)).toEqual([
    '--profile',
    '--lora',
    '--lora-tags',
    '--lora-any-base',
    '--strength',
  ]);
  const has = (given: Partial<GenerateFlags>, name: string) => optionsOf(given).some(({ long }) => long === name);
  expect(has({}, '--upscaler')).toBe(false);
  expect(has({ server: 'http://127.0.0.1' }, '--upscaler')).toBe(true);
  // Without a model nothing can be painted.
  const alone = { image: 'photo.png', upscale: 2, upscaler: 'x4.safetensors' } as const;
  expect(has(alone, '--upscale')).toBe(true);
  expect(has(alone, '--strength')).toBe(false);
});

const hasScript = spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasScript)(
  'on a terminal there is a prompt, lines come back with the arrow keys, Ctrl-C cancels and Ctrl-D ends',
  async () => {
    const cwd = temporaryFolder();
    const command = [...easel, 'generate', '-i', ...options].map((word) => `'${word}'`).join(' ');
    const program = ['script', '--quiet', '--return', '--command', command, join(cwd, 'typescript')];
    const { process: child, finished } = startEasel([], { cwd, stdin: null, program, env: { TERM: 'dumb' } });
    let shown = '';
    child.stdout?.on('data', (text: Buffer) => {
      shown += text.toString();
    });
    const type = (keys: string) => child.stdin?.write(keys);
    const until = async (pattern: RegExp) => {
      await expect.poll(() => shown).toMatch(pattern);
      shown = '';
    };
    await until(/Ctrl-D ends[\s\S]*prompt> /);
    type('a fox\r');
    await until(/a-fox-7\.png[\s\S]*prompt> /);
    type('/steps 100\r/size 256x256\ra long one\r');
    await until(/step 10 of 100/);
    type('\x03');
    await until(/cancelled[\s\S]*prompt> /);
    type('half a line\x03');
    await until(/prompt> $/);
    type('/steps 1\r/size 64x64\r/seed 8\r');
    await until(/prompt> [\s\S]*prompt> [\s\S]*prompt> /);
    type('\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\r'); // over three settings, the cancelled prompt and its two settings to the fox
    await until(/a-fox-8\.png[\s\S]*prompt> /);
    type('\x04');
    expect((await finished).status).toBe(0);
    expect(readdirSync(cwd).sort()).toEqual(['a-fox-7.png', 'a-fox-8.png', 'typescript']);
  },
);
