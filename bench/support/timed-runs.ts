import { createInterface } from 'node:readline';

/** What a run says of itself, by name. */
export type Figures = Readonly<Record<string, number>>;

/**
 * The child's side of `startTimed`: gets ready, says `{"ready": s}`, then does one run for every line of input and says `{"seconds": s}`.
 * It ends with its input.
 *
 * @param figuresOf what else is said of a run
 */
export async function serveTimedRuns<Result>(
  prepare: () => Promise<() => Promise<Result>>,
  figuresOf: (result: Result) => Figures = () => ({}),
): Promise<void> {
  const say = (figures: Figures) => console.log(JSON.stringify(figures));
  const began = performance.now();
  const run = await prepare();
  say({ ready: (performance.now() - began) / 1000 });
  for await (const _ of createInterface(process.stdin)) {
    const start = performance.now();
    const result = await run();
    say({ seconds: (performance.now() - start) / 1000, ...figuresOf(result) });
  }
  process.exit(0);
}
