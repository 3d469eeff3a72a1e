/** What a machine finds out about its devices, and a picture on the one that it is told to use. */
import { demoModelPath } from '@easel/demo-model';
import { answer } from '../../../tests/support/software-device.ts';
import {
  createEngineHost,
  type GenerateResult,
  type HostLogEntry,
  type LoadOptions,
  type Profile,
  probeDevices,
} from '../src/index.ts';

type Work = { readonly report: true } | { readonly load: LoadOptions; readonly profiles: readonly Profile[] };

/** Ten busy programs beside it make a software device slow, which is no failure of it. */
const limitMs = 600_000;

await answer(async (work: Work) => {
  if ('report' in work) return probeDevices({ limitMs });
  const log: HostLogEntry[] = [];
  const host = await createEngineHost({ model: demoModelPath, load: work.load, onLog: (entry) => log.push(entry) });
  try {
    const request = { prompt: 'a red apple', seed: 1, width: 64, height: 64, steps: 2 };
    const drawn: GenerateResult[] = [];
    for (const profile of work.profiles) drawn.push(await host.generate({ ...request, profile }));
    const notices = log.filter(({ level }) => level === 'notice').map(({ message }) => message);
    return { info: host.info, pixels: drawn.map(({ images }) => images[0]?.data), notices };
  } finally {
    await host.close();
  }
});
