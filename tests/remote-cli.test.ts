import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readParameters } from '@easel/parameters';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runEasel, startEasel, temporaryFolder } from '../packages/cli/test/run-easel.ts';
import { type EaselServer, newKey, serveEasel } from './support/easel-server.ts';

let server: EaselServer;
beforeAll(async () => {
  server = await serveEasel();
});
afterAll(() => server.stop());

const prompt = 'a red apple on a blue background';
const own = () => ({ EASEL_API_KEY: server.devKey, EASEL_SERVER: server.url });
const admin = () => ({ EASEL_ADMIN_KEY: server.adminKey, EASEL_SERVER: server.url });

test('generate --server saves the very file that generate without it makes', async () => {
  const cwd = temporaryFolder();
  const args = ['generate', prompt, '--seed', '7', '--no-metadata'];
  const remote = await runEasel([...args, '-o', 'remote.png', '--server', server.url], { cwd, env: own() });
  expect(remote).toMatchObject({ status: 0, stdout: 'remote.png\n' });
  expect(remote.stderr).toMatch(/step 25 of 25/);
  expect(remote.stderr).toMatch(/256×256, 25 steps of edm_dpmpp_2m, guidance 3, seed 7: .* credits \(99\.\d+ left\)/);
  expect((await runEasel([...args, '-o', 'local.png'], { cwd })).status).toBe(0);
  expect(readFileSync(join(cwd, 'remote.png')).equals(readFileSync(join(cwd, 'local.png')))).toBe(true);
});

test.each(['int8', 'fast'])('with the profile %s, too, and --json tells it', async (profile) => {
  const cwd = temporaryFolder();
  const options = ['--profile', profile, '--steps', '8', '--size', '128x128'];
  const args = ['generate', prompt, '--seed', '7', ...options, '--json'];
  const remote = await runEasel([...args, '-o', 'remote.png', '--server', server.url], { cwd, env: own() });
  const local = await runEasel([...args, '-o', 'local.png'], { cwd });
  for (const { stdout } of [remote, local]) expect(JSON.parse(stdout).used).toMatchObject({ profile });
  const files = ['remote.png', 'local.png'].map((name) => readFileSync(join(cwd, name)));
  expect(files[0].equals(files[1])).toBe(true);
  expect(readParameters(files[0])).toContain(`, Profile: ${profile}, `);
});

test('several pictures, a start image, a long prompt, JSON', async () => {
  const cwd = temporaryFolder();
  const long = `${prompt} ${'and a very small pear '.repeat(30)}`;
  const first = await runEasel(
    ['generate', long, '--samples', '2', '--seed', '3', '--steps', '4', '-o', 'a.webp', '--server', server.url],
    { cwd, env: own() },
  );
  expect(first.stdout).toBe('a-1.webp\na-2.webp\n');
  expect(first.stderr).toContain('longer than the model can read');
  const second = await runEasel(
    ['generate', prompt, '--image', 'a-1.webp', '--strength', '0.5', '--steps', '4', '--json', '--server', server.url],
    { cwd, env: own() },
  );
  expect(second).toMatchObject({ status: 0, stderr: '' });
  const { images, used, model, job, price } = JSON.parse(second.stdout);
  expect(images).toHaveLength(1);
  expect(existsSync(join(cwd, images[0].file))).toBe(true);
  expect(used).toMatchObject({ steps: 4, strength: 0.5 });
  expect(model).toEqual({ name: 'playground-v2.5', server: server.url });
  expect([typeof job, typeof price]).toEqual(['string', 'number']);
});

/** One that can be watched, or cut short. */
const manySteps = ['--steps', '100', '--size', '128x128'];

test('previews come while the picture is made, and their file goes at the end', async () => {
  const cwd = temporaryFolder();
  const args = ['generate', prompt, ...manySteps, '--preview', '-o', 'p.png', '--server', server.url];
  const running = startEasel(args, { cwd, env: own() });
  await running.said(/previews in p\.preview\.png/);
  await expect.poll(() => existsSync(join(cwd, 'p.preview.png')), { interval: 20 }).toBe(true);
  expect((await running.finished).status).toBe(0);
  expect(readdirSync(cwd)).toEqual(['p.png']);
});

test('previews that Ctrl-C cuts short leave no file', async () => {
  const cwd = temporaryFolder();
  const args = ['generate', prompt, ...manySteps, '--preview', '-o', 'p.png', '--server', server.url];
  const running = startEasel(args, { cwd, env: own() });
  await expect.poll(() => existsSync(join(cwd, 'p.preview.png')), { interval: 5 }).toBe(true);
  running.process.kill('SIGINT');
  expect((await running.finished).status).toBe(130);
  expect(readdirSync(cwd)).toEqual([]);
});

test('every text that is cut off is told, as without a server', async () => {
  const cwd = temporaryFolder();
  const long = (thing: string) => `a ${`very small ${thing} `.repeat(40)}`;
  const texts = [long('pear'), '--prompt-2', long('plum'), '--negative-prompt', long('cherry')];
  const args = ['generate', ...texts, '--steps', '2', '--seed', '1', '--json'];
  const remote = JSON.parse((await runEasel([...args, '--server', server.url], { cwd, env: own() })).stdout);
  const local = JSON.parse((await runEasel(args, { cwd })).stdout);
  expect(remote.truncated.map(({ field }: { field: string }) => field)).toEqual([
    'prompt',
    'prompt2',
    'negativePrompt',
  ]);
  expect(remote.truncated).toEqual(local.truncated);
  expect(remote.warnings).toEqual(local.warnings);
});

test('a prompt loop on a server: options in between, Ctrl-C cancels the job there, and what fails does not end it', async () => {
  const cwd = temporaryFolder();
  const options = ['--size', '64x64', '--steps', '1', '--seed', '7', '--no-show', '--server', server.url];
  const {
    process: child,
    finished,
    said,
  } = startEasel(['generate', '-i', ...options], { cwd, env: own(), stdin: null });
  const type = (...lines: string[]) => child.stdin?.write(lines.map((line) => `${line}\n`).join(''));
  type('a fox');
  await said(/64×64, 1 step of .* credits \(/);
  type('/steps 2', '/size 128x64', 'an owl');
  await said(/128×64, 2 steps of .* credits \(/);
  type('/size 512x512', 'too large');
  await said(/easel: --width must be .* 64 to 256/);
  type('/size 64x64', '/lora ink:0.5', 'a hare');
  await said(/easel: --lora must be a LoRA of the model \(got "ink"\): there are none for this model/);
  type('/unset lora', '/threads 2');
  await said(/--threads .*\n/);
  type('/steps 100', '/size 256x256', 'a long one');
  await said(/step \d+ of 100/);
  child.kill('SIGINT');
  await said(/cancelled\n/);
  const reply = await fetch(`${server.url}/api/jobs?limit=1`, { headers: { 'x-api-key': server.devKey } });
  expect(await reply.text()).toContain('"status":"cancelled"');
  type('/steps 3', '/size 64x64', 'a panda');
  await said(/3 steps of/);
  child.stdin?.end();
  const { status, stdout } = await finished;
  expect(status).toBe(5);
  expect(stdout).toBe('a-fox-7.png\nan-owl-7.png\na-panda-7.png\n');
  expect(readdirSync(cwd).sort()).toEqual(['a-fox-7.png', 'a-panda-7.png', 'an-owl-7.png']);
});

test('options without effect are told in the same words as without a server', async () => {
  const cwd = temporaryFolder();
  const options = ['--negative-prompt', 'snow', '--guidance-rescale', '0.5', '--guidance-scale', '1'];
  const args = ['generate', prompt, ...options, '--steps', '1', '--seed', '1', '--json'];
  const remote = JSON.parse((await runEasel([...args, '--server', server.url], { cwd, env: own() })).stdout);
  const local = JSON.parse((await runEasel(args, { cwd })).stdout);
  expect(remote.warnings).toEqual([
    '--negative-prompt has no effect with a --guidance-scale of 1; use a value above 1',
    '--guidance-rescale has no effect with a --guidance-scale of 1; use a value above 1',
  ]);
  expect(remote.warnings).toEqual(local.warnings);
});

test('Ctrl-C cancels the job on the server and leaves nothing behind', async () => {
  const cwd = temporaryFolder();
  const running = startEasel(['generate', prompt, '--steps', '100', '--samples', '4', '--server', server.url], {
    cwd,
    env: own(),
  });
  await running.said(/step \d+ of 400/);
  running.process.kill('SIGINT');
  expect(await running.finished).toMatchObject({ status: 130, stdout: '' });
  expect(readdirSync(cwd)).toEqual([]);
  const reply = await fetch(`${server.url}/api/jobs?limit=1`, { headers: { 'x-api-key': server.devKey } });
  expect(await reply.text()).toContain('"status":"cancelled"');
});

test.each<[string, string[], Record<string, string>, number, RegExp]>([
  ['nobody listens', ['--server', 'http://127.0.0.1:9'], {}, 5, /127\.0\.0\.1:9 cannot be reached/],
  ['the key is unknown', [], { EASEL_API_KEY: newKey() }, 5, /unknown API key/],
  ['there is no key', [], { EASEL_API_KEY: '' }, 2, /EASEL_API_KEY/],
  ['the key is none', [], { EASEL_API_KEY: 'SG_0 0' }, 2, /EASEL_API_KEY does not contain exactly one key/],
  ['the model is a path', ['--model', './models/mine'], {}, 5, /the name of a model, such as playground-v2.5/],
  ['the server refuses the size', ['--size', '512x512'], {}, 5, /easel: --width must be .* 64 to 256/],
  ['the server refuses it before it draws', ['--size', '512x512', '-o', 'new/deep/'], {}, 5, /--width must be/],
  ['the picture is a folder', ['--image', '.'], {}, 2, /--image \. cannot be read: it is a folder/],
  ['the picture is none', ['--image', import.meta.filename], {}, 5, /--image cannot be read: it is not a PNG/],
  ['the server has no such model', ['--model', 'nobody'], {}, 5, /nobody/],
  ['an option is not for servers', ['--solver-order', '2'], {}, 2, /--solver-order cannot be used with --server/],
  ['the address is none', ['--server', 'localhost'], {}, 2, /--server must be an address/],
  ['the key file is a folder', ['--api-key-file', '.'], {}, 2, /--api-key-file \. cannot be read: it is a folder/],
])('when %s, it says so and ends with its status', async (_when, args, env, status, message) => {
  const cwd = temporaryFolder();
  const options = args.includes('--server') ? args : [...args, '--server', server.url];
  const ended = await runEasel(['generate', prompt, ...options], { cwd, env: { ...own(), ...env } });
  expect(ended).toMatchObject({ status, stdout: '' });
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).not.toMatch(/SG_[0-9a-f]/);
  expect(readdirSync(cwd)).toEqual([]);
});

test('an administrator makes a key, gives credits, and the key works until it is revoked', async () => {
  const cwd = temporaryFolder();
  const run = (args: string[], env: Record<string, string> = admin()) => runEasel(args, { cwd, env });
  const created = await run([
    'keys',
    'create',
    'site',
    '--account',
    'Studio',
    '--new-account',
    '--monthly-budget',
    '0.5',
  ]);
  expect(created.status).toBe(0);
  expect(created.stdout).toMatch(/^SG_[0-9a-f]{16}\n$/);
  const id = /, id (\S+)\.$/m.exec(created.stderr)?.[1] ?? '';
  const grant = await run(['credits', 'grant', '20', '--account', 'Studio', '--reason', 'May']);
  expect(grant.stderr).toBe('Granted 20 credits to Studio; available now: 20.\n');
  const silent = await run(['credits', 'grant', '-18.5', '--account', 'Studio']);
  expect(silent).toMatchObject({ status: 5, stderr: expect.stringContaining('needs a reason') });
  const back = await run(['credits', 'grant', '-18.5', '--account', 'Studio', '--reason', 'was to be 1.5']);
  expect(back.stderr).toBe('Took 18.5 credits back from Studio; available now: 1.5.\n');

  writeFileSync(join(cwd, 'key'), created.stdout);
  chmodSync(join(cwd, 'key'), 0o600);
  const withFile = ['--api-key-file', 'key'];
  const made = await run(['generate', prompt, '--steps', '4', '-o', 'a.png', '--server', server.url, ...withFile], {});
  expect(made.status).toBe(0);
  const shown = await run(['credits', 'show', '--server', server.url, ...withFile], {});
  expect(shown.stdout).toMatch(/^balance +held +remaining\n1\.49\d+ +0 +1\.49\d+\n$/);
  expect((await run(['credits', 'show', '--account', 'Studio'])).stdout).toBe(shown.stdout);

  const listed = await run(['keys', 'list', '--account', 'Studio']);
  expect(listed.stdout).toMatch(
    new RegExp(`^${id} +….{4} +site +Studio +generate read +active +0\\.0\\d+ of 0\\.5$`, 'm'),
  );
  expect(JSON.parse((await run(['keys', 'list', '--json'])).stdout)).toHaveLength(3);
  const byName = await run(['keys', 'revoke', 'site']);
  expect(byName.status).toBe(2);
  expect(byName.stderr).toMatch(/must be the id of a key, not its name.*\n.*easel keys list shows the ids/);
  expect((await run(['keys', 'revoke', id])).stderr).toMatch(/^Revoked key site \(….{4}\)\.\n$/);
  expect((await run(['credits', 'show', '--server', server.url, ...withFile], {})).status).toBe(5);
  expect((await run(['keys', 'list'])).stdout).toMatch(/site +Studio +generate read +revoked \d{4}-/);
});

test('an account is made, refilled, billed, refunded, closed and accounted for', async () => {
  const cwd = temporaryFolder();
  const run = (args: readonly string[], env: object = admin()) => runEasel(args, { cwd, env: { ...env } });
  const made = await run(['accounts', 'create', 'Press', '--refill', '20', '--refill-day', '31']);
  expect(made.stderr).toMatch(/^Created account Press, id \S+\.\n$/);
  const changed = await run(['accounts', 'update', 'Press', '--refill-mode', 'top_up', '--max-queued', 'none']);
  expect(changed.stderr).toMatch(/^Changed account Press; refill up to 20 on day 31, next \d{4}-\d\d-\d\d\.\n$/);
  await run(['credits', 'grant', '1', '--account', 'Press']);
  const key = await run(['keys', 'create', 'site', '--account', 'Press']);
  const id = /, id (\S+)\.$/m.exec(key.stderr)?.[1] ?? '';
  const updated = await run(['keys', 'update', id, '--monthly-budget', '8', '--expires', '2037-01-31']);
  expect(updated.stderr).toMatch(
    /^Changed key site \(….{4}\): scopes generate, read; models all; monthly budget 8; rate limit the server's; until 2037-01-31\.\n$/,
  );
  const freed = await run(['keys', 'update', id, '--monthly-budget', 'none', '--expires', 'never', '--json']);
  expect(JSON.parse(freed.stdout)).toMatchObject({ monthly_budget: null, expires_at: null });
  expect(await run(['keys', 'update', id])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('nothing to change'),
  });

  const reply = await fetch(`${server.url}/v1/playground-v2.5`, {
    method: 'POST',
    headers: { 'x-api-key': key.stdout.trim(), 'content-type': 'application/json' },
    body: JSON.stringify({ prompt, num_inference_steps: 20 }),
  });
  expect(reply.status).toBe(200);
  const job = reply.headers.get('x-request-id') ?? '';
  const refund = ['credits', 'refund', job, '--reason', 'blurred'];
  expect((await run(refund)).stderr).toMatch(/^Refunded 0\.0\d+ credits of job \S+; available now: 1\.\n$/);
  expect(await run(refund)).toMatchObject({ status: 5, stderr: expect.stringContaining('were refunded already') });
  const usage = await run(['usage', '--account', 'Press', '--by', 'account', 'key']);
  expect(usage.stdout).toMatch(
    /^account +key +jobs +pictures +cost +refunded\nPress +site \(\S+\) +1 +1 +0 +0\.0\d+\ntotal +1 +1 +0 +/,
  );
  expect((await run(['usage', '--csv', '--account', 'Press'])).stdout).toMatch(
    /^account_id,account,jobs,images,cost,refunded\r\n\S+,Press,1,1,0,0\.0\d+\r\n$/,
  );
  const closed = await run(['accounts', 'close', 'Press']);
  expect(closed.stderr).toBe(
    'Closed account Press; keys revoked: 1; queued jobs cancelled and refunded: 0.\nIts balance is 1.\n',
  );
  expect((await run(['accounts', 'list'])).stdout).toMatch(/Press +1 +0 +up to 20 on day 31 +closed \d{4}/);
  expect((await run(['accounts', 'reopen', 'Press'])).stderr).toContain('Account Press is open');
  const log = await run(['accounts', 'audit', '--account', 'Press', '--limit', '2']);
  expect(log.stdout).toMatch(
    /\n\S+ +admin +127\.0\.0\.1 +reopenAccount +\S+ +200 +\{\}\n\S+ +admin +\S+ +closeAccount /,
  );
});

test('a key is not made for a model that the server does not have, nor asked for at an address that is none', async () => {
  const cwd = temporaryFolder();
  const create = ['keys', 'create', 'typo', '--account', 'admin', '--models', 'playgruond-v2.5'];
  const refused = await runEasel(create, { cwd, env: admin() });
  expect(refused).toMatchObject({
    status: 5,
    stdout: '',
    stderr: expect.stringMatching(
      /^easel: there is no model "playgruond-v2.5" here[\s\S]*there are: playground-v2.5\n/,
    ),
  });
  const elsewhere = await runEasel(create, { cwd, env: { ...admin(), EASEL_SERVER: 'localhost' } });
  expect(elsewhere).toMatchObject({ status: 2, stderr: expect.stringContaining('EASEL_SERVER must be an address') });
});

test('an account that is not there is named together with those that are', async () => {
  const cwd = temporaryFolder();
  const ended = await runEasel(['credits', 'grant', '1', '--account', 'nobody'], { cwd, env: admin() });
  expect(ended.status).toBe(2);
  expect(ended.stderr).toMatch(/no account "nobody" \(the accounts are .*admin/);
  const asCustomer = await runEasel(['keys', 'list'], { cwd, env: { ...admin(), EASEL_ADMIN_KEY: server.devKey } });
  expect(asCustomer).toMatchObject({ status: 5, stdout: '' });
});

test('endpoints of webhooks are created, tested, disabled and deleted, and their deliveries listed', async () => {
  const cwd = temporaryFolder();
  const run = (...args: string[]) => runEasel(['webhooks', ...args], { cwd, env: own() });
  const created = await run('create', 'https://hook.invalid/easel', '--events', 'job.failed', 'job.cancelled');
  expect(created.stdout).toMatch(/^whsec_\S{44}\n$/);
  const id = /, id (\S+)\.$/m.exec(created.stderr)?.[1] ?? '';
  expect((await run('create', 'https://10.0.0.1/')).stderr).toMatch(/the address of 10\.0\.0\.1 is not public/);
  const rotated = await run('rotate', id);
  expect(rotated.stdout).toMatch(/^whsec_\S{44}\n$/);
  expect(rotated.stdout).not.toBe(created.stdout);
  expect((await run('test', id)).stderr).toMatch(/^Sending a test to https:\/\/hook\.invalid\/easel;/);
  const deliveries = await run('deliveries', '--endpoint', id);
  expect(deliveries.stdout).toMatch(/^id +time +event +url +status +attempts +last reply\n.*webhook\.test/);
  expect((await run('disable', id)).stderr).toBe('Disabled https://hook.invalid/easel.\n');
  expect((await run('list')).stdout).toMatch(/https:\/\/hook\.invalid\/easel +job\.failed job\.cancelled +disabled\n/);
  expect((await run('delete', 'first')).stderr).toMatch(/<id> must be an id.*\n.*easel webhooks list/);
  expect((await run('delete', id)).status).toBe(0);
  expect((await run('secret', '--json')).stdout).toMatch(/"secret": "whsec_/);
});
