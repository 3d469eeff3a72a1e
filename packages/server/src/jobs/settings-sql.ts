import { type Selectable, sql } from 'kysely';
import type { Transaction } from '../database/database.ts';
import type { ModelSpeedTable } from '../database/tables.ts';
import { queriesOf } from '../database/transaction.ts';
import type { ModelSpeed, Settings, SweepTimes } from './settings-port.ts';

const PAUSED = 'queue_paused';
/** The advisory lock of the queue's pause (PostgreSQL, §13.3.5): whoever starts a job shares it, whoever pauses has it alone. */
const PAUSE_LOCK = 0x6561_7365;
const SWEEP_TIMES = 'sweep_times';

export const settingsInPostgres: Settings = {
  async isPaused(transaction: Transaction): Promise<boolean> {
    const query = queriesOf(transaction).selectFrom('settings').select('value').where('name', '=', PAUSED);
    return (await query.executeTakeFirst())?.value === true;
  },

  async holdPaused(transaction: Transaction): Promise<boolean> {
    await sql`select pg_advisory_xact_lock_shared(${PAUSE_LOCK})`.execute(queriesOf(transaction));
    return this.isPaused(transaction);
  },

  async setPaused(transaction: Transaction, paused: boolean): Promise<void> {
    await sql`select pg_advisory_xact_lock(${PAUSE_LOCK})`.execute(queriesOf(transaction));
    await put(transaction, PAUSED, paused);
  },

  async lockSweepTimes(transaction: Transaction): Promise<SweepTimes | null> {
    const query = queriesOf(transaction).selectFrom('settings').select('value').where('name', '=', SWEEP_TIMES);
    return toSweepTimes((await query.forUpdate().executeTakeFirst())?.value);
  },

  setSweepTimes(transaction: Transaction, times: SweepTimes): Promise<void> {
    return put(transaction, SWEEP_TIMES, times);
  },

  async speedOf(transaction: Transaction, model: string): Promise<ModelSpeed | null> {
    return toModelSpeed(await speedQuery(transaction, model).executeTakeFirst());
  },

  async lockSpeed(transaction: Transaction, model: string): Promise<ModelSpeed | null> {
    return toModelSpeed(await speedQuery(transaction, model).forUpdate().executeTakeFirst());
  },

  async setSpeed(transaction: Transaction, model: string, speed: ModelSpeed): Promise<void> {
    const { msPerStepMegapixel, msPerImage, runs } = speed;
    const values = { ms_per_step_megapixel: msPerStepMegapixel, ms_per_image: msPerImage, runs };
    await queriesOf(transaction)
      .insertInto('model_speed')
      .values({ model, ...values })
      .onConflict((conflict) => conflict.column('model').doUpdateSet(values))
      .execute();
  },
};

async function put(transaction: Transaction, name: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  await queriesOf(transaction)
    .insertInto('settings')
    .values({ name, value: text })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: text }))
    .execute();
}

function toSweepTimes(value: unknown): SweepTimes | null {
  if (typeof value !== 'object' || value === null || !('sweptAt' in value) || !('heldUntil' in value)) return null;
  const [sweptAt, heldUntil] = [new Date(String(value.sweptAt)), new Date(String(value.heldUntil))];
  return Number.isNaN(sweptAt.getTime()) || Number.isNaN(heldUntil.getTime()) ? null : { sweptAt, heldUntil };
}

function speedQuery(transaction: Transaction, model: string) {
  return queriesOf(transaction).selectFrom('model_speed').selectAll().where('model', '=', model);
}

function toModelSpeed(row: Selectable<ModelSpeedTable> | undefined): ModelSpeed | null {
  if (row === undefined) return null;
  return { msPerStepMegapixel: row.ms_per_step_megapixel, msPerImage: row.ms_per_image, runs: row.runs };
}
