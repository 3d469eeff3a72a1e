import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installedModels, planPull, resolveModel, runPull } from '@easel/models';
import { describe, expect, onTestFinished, test } from 'vitest';
import { diffusersFiles, startHub } from '../../packages/models/test/fake-hub.ts';
import { pythonWith, reasonWithoutPython } from '../support/python-venv.ts';

const script = (name: string) => fileURLToPath(new URL(`python/${name}`, import.meta.url));
const reason = await reasonWithoutPython(10);
const [OURS, THEIRS] = ['1'.repeat(40), '2'.repeat(40)];

describe.skipIf(reason !== undefined)(
  `the cache that is shared with Python's huggingface_hub${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    test('what we pull is found there, and what it downloads is found here', { timeout: 1_200_000 }, async () => {
      const python = await pythonWith(script('requirements.txt'));
      const home = realpathSync(mkdtempSync(join(tmpdir(), 'easel-hub-')));
      onTestFinished(() => rmSync(home, { recursive: true, force: true }));
      const [ours, theirs] = [diffusersFiles(), diffusersFiles()];
      const card = { license: 'mit' };
      const hub = await startHub({
        'acme/ours': { commits: { [OURS]: ours }, main: OURS, card },
        'acme/theirs': { commits: { [THEIRS]: theirs }, main: THEIRS, card },
      });
      const env = { HOME: home, HF_HOME: join(home, 'hf'), HF_ENDPOINT: hub.url };
      const context = { env, signal: new AbortController().signal };
      const plan = await planPull({ name: 'acme/ours' }, context);
      await runPull(plan, context);

      const { stdout } = await promisify(execFile)(python, [script('hub_cache.py')], {
        env: { ...env, HF_HUB_DISABLE_XET: '1', PATH: process.env.PATH },
      });
      const found = JSON.parse(stdout);
      expect(found.ours).toEqual({ path: plan.path, files: plan.files.map(({ path }) => path).sort() });
      expect(found.scanned).toContainEqual({ repo: 'acme/ours', commit: OURS, refs: ['main'], bytes: plan.bytes });
      expect(found.warnings).toEqual([]);

      expect(resolveModel('acme/theirs', env)).toBe(found.theirs);
      const listed = (await installedModels(env)).map(({ name, commit, refs }) => ({ name, commit, refs }));
      expect(listed).toEqual([
        { name: 'acme/ours', commit: OURS, refs: ['main'] },
        { name: 'acme/theirs', commit: THEIRS, refs: ['main'] },
      ]);
      const before = hub.asked.length;
      await runPull(await planPull({ name: 'acme/theirs' }, context), context);
      expect(hub.asked.slice(before).filter(({ at }) => at === 'store')).toEqual([]);
      const unet = 'unet/diffusion_pytorch_model.fp16.safetensors';
      expect(readFileSync(join(found.theirs, unet)).equals(theirs[unet] ?? Buffer.alloc(0))).toBe(true);
    });
  },
);
