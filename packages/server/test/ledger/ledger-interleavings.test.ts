import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chargeHold, placeHold, releaseHold } from '../../src/credits/holds.ts';
import { grantCredits } from '../../src/credits/ledger.ts';
import type { Queries } from '../../src/database/database.ts';
import { DomainError } from '../../src/domain-error.ts';
import { newId } from '../../src/ids.ts';
import { anyModel, customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { type Connections, runToFate } from './crashing-transaction.ts';
import { type Action, interleaving, PAYERS, type Step } from './interleaving.ts';
import { expectSoundLedger } from './ledger-invariants.ts';

const RUNS = 12;
const opened = useDatabase();
const endings = { charge: chargeHold, release: releaseHold };

interface Payer {
  readonly accountId: string;
  readonly keyId: string;
}

/** Two keys of one account, one of them with a budget, and one of another account. */
async function newPayers(): Promise<Payer[]> {
  const { database } = opened();
  const first = await newCustomer(database, { available: 5_000n });
  const second = await newCustomer(database, { available: 5_000n, terms: { monthlyBudget: 4_000n } });
  const { accountId } = first;
  const { record } = await customerServices(database).keyService.create({
    ...anyModel,
    accountId,
    name: 'with a budget',
    scopes: ['generate'],
    monthlyBudget: 4_000n,
  });
  return [first, { accountId, keyId: record.id }, second];
}

/** One world of accounts and jobs, and what the steps in it were told. */
class World {
  readonly #connections: Connections;
  readonly #payers: readonly Payer[];
  readonly #jobIds = new Map<number, string>();
  readonly ended = new Map<string, ('charge' | 'release')[]>();
  readonly held = new Set<string>();
  crashes = 0;

  constructor(connections: Connections, payers: readonly Payer[]) {
    this.#connections = connections;
    this.#payers = payers;
  }

  async play({ action, fate, retries }: Step): Promise<void> {
    const crashed = await this.#attempt(action, fate);
    if (crashed && retries) await this.#attempt(action, { kind: 'commits' });
  }

  async #attempt(action: Action, fate: Step['fate']): Promise<boolean> {
    try {
      const outcome = await runToFate(this.#connections, fate, (queries) => this.#act(queries, action));
      if (outcome.kind === 'committed') this.#note(action, outcome.result);
      else this.crashes += 1;
      return outcome.kind === 'crashed';
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  }

  /** @returns whether the action took place, and not a refusal or something that had been done before */
  async #act(queries: Queries, action: Action): Promise<boolean> {
    if (action.kind === 'grant') {
      const { accountId } = this.#payer(action.payer);
      return (
        (await grantCredits(queries, { accountId, amount: action.amount, note: null, idempotencyKey: null })) !== null
      );
    }
    const jobId = this.#jobId(action.job);
    if (action.kind !== 'hold') return endings[action.kind](queries, jobId, new Date());
    const price = { model: 'a-model', samples: 1, amount: action.amount, month: '2026-03' };
    return (await placeHold(queries, { ...this.#payer(action.job), ...price, jobId }))?.kind === 'held';
  }

  #note(action: Action, tookPlace: boolean): void {
    if (!tookPlace || action.kind === 'grant') return;
    const jobId = this.#jobId(action.job);
    if (action.kind === 'hold') this.held.add(jobId);
    else this.ended.set(jobId, [...(this.ended.get(jobId) ?? []), action.kind]);
  }

  #payer(index: number): Payer {
    const payer = this.#payers[index % PAYERS];
    if (payer === undefined) throw new Error(`there are ${PAYERS} payers`);
    return payer;
  }

  #jobId(job: number): string {
    const jobId = this.#jobIds.get(job) ?? newId();
    this.#jobIds.set(job, jobId);
    return jobId;
  }
}

/** The job has a hold already, or has none to end. */
function isRefusal(error: unknown): boolean {
  if (error instanceof DomainError) return error.message.includes('no credits were ever reserved');
  return error instanceof Error && error.message.includes('"holds_pkey"');
}

async function expectWhatWasTold({ held, ended }: World, safe: Connections['safe']): Promise<void> {
  const holds = await safe.kysely.selectFrom('holds').select(['job_id', 'state']).execute();
  const states = new Map(holds.map(({ job_id, state }) => [job_id, state]));
  for (const jobId of held) expect(states.get(jobId), 'a hold that was committed is there').toBeDefined();
  for (const [jobId, kinds] of ended) {
    expect(kinds, 'a hold is ended for one caller').toHaveLength(1);
    expect(states.get(jobId)).toBe(kinds[0] === 'charge' ? 'charged' : 'released');
  }
}

async function releaseAllOpen(safe: Connections['safe']): Promise<void> {
  const open = await safe.kysely.selectFrom('holds').select('job_id').where('state', '=', 'open').execute();
  for (const { job_id } of open) {
    expect(await safe.transaction((queries) => releaseHold(queries, job_id, new Date()))).toBe(true);
  }
}

test('the ledger stays sound whatever happens at the same time, and whatever is killed in the middle of it', async () => {
  const safe = opened().open({ poolSize: 5 });
  const database = opened().open();
  const total = { crashes: 0, held: 0, ended: 0 };
  const sound = fc.asyncProperty(interleaving, async (lanes) => {
    const world = new World({ database, safe }, await newPayers());
    await Promise.all(
      lanes.map(async (steps) => {
        for (const step of steps) await world.play(step);
      }),
    );
    await expectSoundLedger(safe);
    await expectWhatWasTold(world, safe);
    await releaseAllOpen(safe);
    await expectSoundLedger(safe);
    total.crashes += world.crashes;
    total.held += world.held.size;
    total.ended += world.ended.size;
  });
  // A failure depends on the moment, so a smaller example would not be one.
  await fc.assert(sound, { numRuns: RUNS, endOnFailure: true });
  expect(Math.min(total.crashes, total.held, total.ended), 'all of it happened').toBeGreaterThan(RUNS);
});
