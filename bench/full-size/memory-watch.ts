import type { EngineHost } from '../../packages/engine/src/index.ts';

const GIGABYTE = 1e9;
const EVERY_MS = 20;

/** The most memory the engine's process had while something ran, in GB. */
export interface MemoryPeak {
  readonly anonymous: number;
  readonly resident: number;
}

/** Watches from outside: the engine's own thread is blocked while it works. Linux only. */
export async function watchMemory<T>(host: EngineHost, work: () => Promise<T>): Promise<[T, MemoryPeak]> {
  const peak = { anonymous: 0, resident: 0 };
  const look = async () => {
    const memory = await host.memory();
    peak.anonymous = Math.max(peak.anonymous, (memory?.anonymous ?? 0) / GIGABYTE);
    peak.resident = Math.max(peak.resident, (memory?.resident ?? 0) / GIGABYTE);
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  try {
    return [await work(), peak];
  } finally {
    clearInterval(timer);
  }
}
