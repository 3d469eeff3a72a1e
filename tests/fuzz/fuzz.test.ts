import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomOf } from '../kill/random.ts';
import { openTargets } from './targets.ts';

/** The short form of `npm run test:fuzz`; another seed each time, which is told when a case fails. */
const CASES = 30;
const seed = Number(process.env.EASEL_FUZZ_SEED ?? Date.now() % 2 ** 31);
let opened: Awaited<ReturnType<typeof openTargets>>;

beforeAll(async () => {
  opened = await openTargets({ synchronous: false });
});
afterAll(() => opened?.close());

test(`whatever is sent is refused or taken: no crash, no 500, no hang, memory bounded (EASEL_FUZZ_SEED=${seed})`, async () => {
  for (const { name, run } of opened.targets) {
    const random = randomOf(seed);
    for (let cases = 0; cases < CASES; cases++) expect(await run(random), name).not.toBe('');
  }
});
