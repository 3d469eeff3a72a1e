import { createInterface } from 'node:readline';

/**
 * The child's side of `startTimed`: gets ready, says `{"ready": s}`, then does one run for every line of input and says `{"seconds": s}`.
 * It ends with its input.
 */
export async function serveTimedRuns(prepare: () => Promise<() => Promise<unknown>>): Promise<void> {
  const say = (figures: Readonly<Record<string, number>>) => console.log(JSON.stringify(figures));
  const began = performance.now();
  const run = await prepare();
  say({ ready: (performance.now() - began) / 1000 });
  for await (const _ of createInterface(process.stdin)) {
    const start = performance.now();
    await run();
    say({ seconds: (performance.now() - start) / 1000 });
  }
  process.exit(0);
}
