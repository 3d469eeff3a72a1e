/** What a machine finds out about its devices, and a picture on the one that it is told to use. */
import { demoModelPath } from '@easel/demo-model';
import { answer } from '../../../tests/support/software-device.ts';
import { createEngineHost, type HostLogEntry, type LoadOptions, probeDevices } from '../src/index.ts';

type Work = { readonly report: true } | { readonly load: LoadOptions; readonly pictures: boolean };

/** Ten busy programs beside it make a software device slow, which is no failure of it. */
const limitMs = 600_000;

await answer(async (work: Work) => {
  if ('report' in work) return probeDevices({ limitMs });
  const log: HostLogEntry[] = [];
  const host = await createEngineHost({ model: demoModelPath, load: work.load, onLog: (entry) => log.push(entry) });
  try {
    const request = { prompt: 'a red apple', seed: 1, width: 64, height: 64, steps: 1 };
    const images = work.pictures ? (await host.generate(request)).images : [];
    return {
      info: host.info,
      pixels: images.map(({ data }) => data),
      notices: log.filter(({ level }) => level === 'notice'),
    };
  } finally {
    await host.close();
  }
});
