import type { EngineHost, GenerateRequest, GenerateResult } from '../../packages/engine/src/index.ts';

const GIGABYTE = 1e9;
const EVERY_MS = 20;

/** One run, and the most memory its process had in each part of it, in GB. */
export interface WatchedRun {
  readonly result: GenerateResult;
  /** Seconds of a step, the first left out: it holds the making of the session. */
  readonly secondsPerStep: number;
  /** Text encoders and UNet loop, anonymous. */
  readonly anonymousInLoop: number;
  /** VAE decode, anonymous. */
  readonly anonymousInDecode: number;
  readonly resident: number;
}

/** Watches the engine's process from outside, because its own thread is blocked while it works. Linux only. */
export async function watchRun(host: EngineHost, request: GenerateRequest): Promise<WatchedRun> {
  const peaks = { loop: 0, decode: 0, resident: 0 };
  const ends: number[] = [];
  let part: 'loop' | 'decode' = 'loop';
  const look = async () => {
    const during = part;
    const memory = await host.memory();
    if (memory === undefined || during !== part) return;
    peaks[part] = Math.max(peaks[part], memory.anonymous / GIGABYTE);
    peaks.resident = Math.max(peaks.resident, memory.resident / GIGABYTE);
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  try {
    const result = await host.generate(request, {
      onStep: ({ index, total, elapsedMs }) => {
        ends.push(elapsedMs);
        if (index === total) part = 'decode';
      },
    });
    return {
      result,
      secondsPerStep: ((ends.at(-1) ?? 0) - ends[0]) / (ends.length - 1) / 1000,
      anonymousInLoop: peaks.loop,
      anonymousInDecode: peaks.decode,
      resident: peaks.resident,
    };
  } finally {
    clearInterval(timer);
  }
}
