/**
 * Easel as one of the engines of bench:peers; the protocol is that of peer.py.
 *
 *   ours.ts exact|int8|fast unet|picture MODEL --size 512 --steps 25 --threads 2 --cache FOLDER [--prepare]
 *
 * The modes are the engine's profiles; a single pass of `fast` is one of `int8`.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type GenerateResult,
  loadModel,
  profileNames,
  profiles,
  quantizeModel,
} from '../../packages/engine/src/index.ts';
import { preparePass } from '../precision/part-pass.ts';
import { serveTimedRuns } from '../support/timed-runs.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: '512' },
    steps: { type: 'string', default: '25' },
    threads: { type: 'string', default: '2' },
    cache: { type: 'string', default: '.' },
    prepare: { type: 'boolean', default: false },
  },
});
const [mode = 'exact', kind = 'unet', model = ''] = positionals;
const [size, steps, threads] = [values.size, values.steps, values.threads].map(Number);
const profile = profileNames.find((name) => name === mode) ?? 'exact';
const { precision } = profiles[profile];
const int8File = join(values.cache, 'easel.int8');

if (values.prepare) {
  await mkdir(values.cache, { recursive: true });
  if (!existsSync(int8File)) await quantizeModel(model, { output: int8File });
  process.exit(0);
}
if (kind === 'unet') {
  await serveTimedRuns(() => preparePass({ model, part: 'unet', size, threads, int8File, precision }));
} else {
  await serveTimedRuns(picture, ({ used: { acceleration } }) =>
    acceleration ? { fullPasses: acceleration.passes.full, shallowPasses: acceleration.passes.shallow } : {},
  );
}

async function picture(): Promise<() => Promise<GenerateResult>> {
  // Each round encodes its texts, as each of a peer does.
  const loaded = await loadModel(model, { threads, textCache: false, ...(precision === 'int8' && { int8File }) });
  await loaded.prepare({ width: size, height: size }, { profile });
  const request = { prompt: 'a red apple on a blue background', width: size, height: size, steps, seed: 1, profile };
  return () => loaded.generate(request);
}
