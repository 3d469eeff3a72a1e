import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage, encodeImage } from '@easel/engine';
import { expect, it } from 'vitest';
import { runEasel, startEasel, temporaryFolder } from './run-easel.ts';

const verify = ['model', 'verify-precision', 'demo'];
const small = ['--size', '64x64', '--steps', '2'];

function folderWith(...prompts: string[]): string {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'prompts.txt'), `${prompts.join('\n')}\n`);
  return cwd;
}

const pictures = (folder: string) => readdirSync(folder).filter((name) => /-(exact|int8|fast)\.png$/.test(name));

it('prints how far each profile is from exact, and how fast it is', async () => {
  const cwd = folderWith('a red apple', '', 'a panda');
  const { status, stdout, stderr } = await runEasel(
    [...verify, '--prompts', 'prompts.txt', '--size', '176x176', '--steps', '3', '--seed', '7'],
    { cwd },
  );
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^demo \(Playground v2\.5 .*\): 2 prompts, seeds 7 to 8, 176×176, 3 steps\n\nprofile +MS-SSIM +worst +PSNR, dB +worst +CIEDE2000 +worst +s a picture +speed\nexact +\d+\.\d +1 ×\nint8( +0\.9\d+){2}( +\d\d\.\d){2}( +\d\.\d\d){2} +\d+\.\d +\d+\.\d ×\nfast( +0\.\d+){2}/,
  );
  expect(stderr).toContain('picture 1 of 6 (exact), about ');
  expect(stderr).toContain('picture 6 of 6 (fast), about ');
  expect(readdirSync(cwd)).toEqual(['prompts.txt']);
});

it('keeps the pictures and sheets of them, and draws only what is missing when it is run again', async () => {
  const cwd = folderWith('a red apple', 'a panda');
  const args = [...verify, ...small, '--prompts', 'prompts.txt', '--profiles', 'int8', '-o', 'kept'];
  const first = await runEasel([...args, '--json'], { cwd });
  expect(first).toMatchObject({ status: 0, stderr: '' });
  const results = JSON.parse(first.stdout);
  expect(results).toMatchObject({
    model: { name: 'demo' },
    prompts: ['a red apple', 'a panda'],
    firstSeed: 1,
    size: { width: 64, height: 64 },
    steps: 2,
    profiles: [{ profile: 'int8', msSsim: { median: null, worst: null }, psnr: { worst: expect.any(Number) } }],
  });
  expect(results.pictures).toHaveLength(2);
  const folder = join(cwd, 'kept');
  const names = ['1-a-red-apple', '2-a-panda'].flatMap((name) =>
    ['exact', 'int8', 'sheet'].map((end) => `${name}-${end}.png`),
  );
  expect(readdirSync(folder)).toEqual([...names, 'verify-precision.json']);
  const sheet = await decodeImage(readFileSync(join(folder, '1-a-red-apple-sheet.png')));
  expect(sheet.width).toBeGreaterThan(2 * 64);

  rmSync(join(folder, '2-a-panda-int8.png'));
  writeFileSync(join(cwd, 'prompts.txt'), 'a red apple\na panda\na boat\n');
  const again = await runEasel(args, { cwd });
  expect(again.status).toBe(0);
  expect(again.stderr.match(/picture \d of \d \(\w+\)/g)).toEqual([
    'picture 4 of 6 (int8)',
    'picture 5 of 6 (exact)',
    'picture 6 of 6 (int8)',
  ]);
  const record = JSON.parse(readFileSync(join(folder, 'verify-precision.json'), 'utf8'));
  expect(record.results.pictures[0]).toEqual(results.pictures[0]);
  expect(record.results.pictures).toHaveLength(3);
});

it('can be interrupted: what is drawn stays, nothing half-written, and the same command goes on', async () => {
  const cwd = folderWith('a red apple', 'a panda');
  const args = [...verify, '--size', '64x64', '--steps', '60', '--prompts', 'prompts.txt', '-o', 'kept'];
  const running = startEasel(args, { cwd });
  await running.said(/picture 3 of 6/);
  running.process.kill('SIGINT');
  const { status, stderr } = await running.finished;
  expect(status).toBe(130);
  expect(stderr).toMatch(/easel: stopped; \d pictures are in kept, and the same command goes on from there/);
  const folder = join(cwd, 'kept');
  const drawn = pictures(folder);
  expect(drawn.slice(0, 2)).toEqual(['1-a-red-apple-exact.png', '1-a-red-apple-int8.png']);
  expect(readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([]);
  const written = statSync(join(folder, drawn[0])).mtimeMs;

  expect(await runEasel(args, { cwd })).toMatchObject({ status: 0 });
  expect(pictures(folder)).toHaveLength(6);
  expect(statSync(join(folder, drawn[0])).mtimeMs).toBe(written);
});

it('refuses to mix comparisons of other conditions in a folder, and files that are not its own', async () => {
  const cwd = folderWith('a panda');
  const args = [
    ...verify,
    '--size',
    '64x64',
    '--prompts',
    'prompts.txt',
    '--profiles',
    'int8',
    '-o',
    'kept',
    '--steps',
  ];
  expect(await runEasel([...args, '1'], { cwd })).toMatchObject({ status: 0 });
  const other = await runEasel([...args, '2'], { cwd });
  expect(other.status).toBe(4);
  expect(other.stderr).toMatch(
    /kept has a comparison with another steps \(1, now 2\)\n +choose another folder, or delete/,
  );
  const exact = join(cwd, 'kept', '1-a-panda-exact.png');
  const larger = { width: 65, height: 64, data: new Uint8Array(65 * 64 * 3) };
  writeFileSync(exact, await encodeImage(larger, { format: 'png' }));
  const resized = await runEasel([...args, '1'], { cwd });
  expect(resized).toMatchObject({ status: 4, stderr: expect.stringContaining('exact.png has 65×64 pixels, and was') });
  rmSync(exact);
  expect(await runEasel([...args, '1'], { cwd })).toMatchObject({ status: 0 });
  writeFileSync(join(cwd, 'kept', 'verify-precision.json'), '[]');
  const foreign = await runEasel([...args, '1'], { cwd });
  expect(foreign.status).toBe(4);
  expect(foreign.stderr).toContain('verify-precision.json is not a record of easel model verify-precision');
});

it.each([
  [['--profiles', 'int4'], 2, /--profiles must be a list of int8 and fast with commas \(got "int4"\)/],
  [['--profiles', 'exact,int8'], 2, /got "exact,int8"\)\n +leave exact out: the others are compared with it/],
  [['--profiles', ''], 2, /--profiles must be a list of int8 and fast/],
  [['--prompts', 'gone.txt'], 2, /the prompt file gone\.txt cannot be read: it does not exist/],
  [['--size', '512x512'], 2, /width must be /],
  [['--steps', '0'], 2, /--steps must be a whole number from 1 to 100/],
  [['--int8-file', 'gone.int8'], 3, /gone\.int8 is missing\n.*make it once with: easel model quantize/],
])('refuses %j before it draws, and leaves no folder', async (options, expected, message) => {
  const cwd = temporaryFolder();
  const { status, stderr } = await runEasel([...verify, ...small, '-o', 'deep/kept', ...options], { cwd });
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/picture \d/);
  expect(status).toBe(expected);
  expect(existsSync(join(cwd, 'deep'))).toBe(false);
});
