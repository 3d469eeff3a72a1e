import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeImage } from '@easel/engine';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/run-easel.ts';
import type { GenerateFlags } from './flags.ts';
import { openEnlarger, parametersIn } from './upscale-here.ts';

const network = fileURLToPath(new URL('../../../../tests/fixtures/goldens/upscaler/x4.safetensors', import.meta.url));
const parameters = {
  ...({ prompt: 'a fox', negativePrompt: null, steps: 4, scheduler: 'edm_euler', guidanceScale: 3, seed: 7n } as const),
  ...{ width: 16, height: 8, model: 'easel-demo', easelVersion: '0.0.0' },
};

test('a network enlarges by the options of the run, not by those that it was opened with', async () => {
  const image = join(temporaryFolder(), 'photo.png');
  const picture = { width: 16, height: 8, data: new Uint8Array(3 * 128).fill(90) };
  await writeFile(image, await encodeImage(picture, { format: 'png', parameters }));
  const given = { samples: 1, metadata: true, show: false, image, upscale: 2, upscaler: network, threads: 1 } as const;
  const progress = { begin() {}, step() {}, above() {}, end() {} };
  const { signal } = new AbortController();
  await using running = await (await openEnlarger(given)).start({ signal, progress });
  const make = async (flags: GenerateFlags) => {
    const output = { kind: 'stream', format: 'png', path: undefined } as const;
    const run = { prompt: '', seeds: [7], output } as const;
    const { pictures } = await running.make(run, { flags, signal, progress, previews: undefined });
    return pictures[0];
  };
  const first = await make(given);
  expect(first).toMatchObject({ width: 32, height: 16 });
  expect(parametersIn(first?.bytes ?? new Uint8Array())).toMatchObject({ upscale: 2 });
  expect(await make({ ...given, upscale: 4 })).toMatchObject({ width: 64, height: 32 });
});
