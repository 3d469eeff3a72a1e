import { PIXELS_PER_MEGAPIXEL, type Profile } from '@easel/contract';
import type { Selectable } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { ModelSpeedTable } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import type { Painting } from '../models/painter.ts';
import type { JobRequest } from './job.ts';

/** How fast a model runs in one profile on these machines. */
export interface ModelSpeed {
  /** Milliseconds for one step on one megapixel (1,048,576 pixels). */
  readonly msPerStepMegapixel: number;
  /** Milliseconds for everything else about a picture: encoding the prompt, decoding, writing the file. */
  readonly msPerImage: number;
  /** Number of runs it was measured from. */
  readonly runs: number;
}

/** An amount of work, independent of a model's speed. */
export interface WorkAmount {
  readonly jobs: number;
  /** The sum of samples × steps × megapixels. */
  readonly stepMegapixels: number;
  /** The sum of samples. */
  readonly images: number;
}

/** Weight of the newest run in the moving average. */
const WEIGHT = 0.3;

const SHORTEST_EXPIRY_S = 15 * 60;
/** pg-boss's limit for a run. */
const LONGEST_EXPIRY_S = 24 * 60 * 60;
/** A run that takes this many times its estimate counts as hung. */
const PATIENCE = 10;

type Work = Pick<JobRequest, 'samples' | 'steps' | 'width' | 'height'>;

export function amountOfWork({ samples, steps, width, height }: Work): WorkAmount {
  return { jobs: 1, stepMegapixels: (samples * steps * width * height) / PIXELS_PER_MEGAPIXEL, images: samples };
}

/** Estimated milliseconds on one worker. */
export function estimateMs({ stepMegapixels, images }: Omit<WorkAmount, 'jobs'>, speed: ModelSpeed): number {
  return stepMegapixels * speed.msPerStepMegapixel + images * speed.msPerImage;
}

/** The speed after one more run: an exponential moving average. */
export function learnSpeed(
  speed: ModelSpeed | null,
  { images, steps, denoiseMs, otherMs }: Painting,
  { width, height }: Pick<JobRequest, 'width' | 'height'>,
): ModelSpeed {
  const megapixels = (width * height) / PIXELS_PER_MEGAPIXEL;
  // An image-to-image run of strength 0 takes no step, so it says nothing about their speed.
  const msPerStepMegapixel = steps > 0 ? denoiseMs / (steps * megapixels) : (speed?.msPerStepMegapixel ?? 0);
  const msPerImage = images.length > 0 ? otherMs / images.length : 0;
  if (speed === null) return { msPerStepMegapixel, msPerImage, runs: 1 };
  return {
    msPerStepMegapixel: mix(speed.msPerStepMegapixel, msPerStepMegapixel),
    msPerImage: mix(speed.msPerImage, msPerImage),
    runs: speed.runs + 1,
  };
}

/**
 * Seconds after which a run counts as hung. A model that has not run yet gets the longest time: a dead worker is detected by its
 * missing heartbeat, not by this.
 *
 * @throws DomainError `invalid_request` for work that takes longer than a run may
 */
export function expiryOf(work: Work, speed: ModelSpeed | null): number {
  if (speed === null) return LONGEST_EXPIRY_S;
  const seconds = Math.ceil((PATIENCE * estimateMs(amountOfWork(work), speed)) / 1000);
  if (seconds <= LONGEST_EXPIRY_S) return Math.max(seconds, SHORTEST_EXPIRY_S);
  const hours = LONGEST_EXPIRY_S / PATIENCE / 3600;
  throw new DomainError(
    'invalid_request',
    `this would take about ${(seconds / PATIENCE / 3600).toFixed(1)} hours on this server, and a job may take ${hours}`,
    { remedy: 'ask for fewer samples, fewer steps or a smaller picture' },
  );
}

function mix(old: number, newest: number): number {
  return (1 - WEIGHT) * old + WEIGHT * newest;
}

/** What a speed is measured for. */
export type SpeedKey = Pick<JobRequest, 'model' | 'profile'>;

/** @returns null when the model has not run in this profile yet */
export async function findSpeed(queries: Queries, key: SpeedKey): Promise<ModelSpeed | null> {
  return toModelSpeed(await speedQuery(queries, key).executeTakeFirst());
}

/** The speeds of a model in the profiles in which it has run. */
export type ModelSpeeds = ReadonlyMap<Profile, ModelSpeed>;

export async function findSpeeds(queries: Queries, model: string): Promise<ModelSpeeds> {
  const rows = await queries.selectFrom('model_speed').selectAll().where('model', '=', model).execute();
  return new Map(rows.map((row) => [row.profile, modelSpeedOf(row)]));
}

/** In a profile in which the model has not run yet, it is taken to be as fast as in the slowest one in which it has. */
export function speedIn(speeds: ModelSpeeds, profile: Profile): ModelSpeed | null {
  const known = [...speeds.values()].toSorted((one, other) => other.msPerStepMegapixel - one.msPerStepMegapixel);
  return speeds.get(profile) ?? known[0] ?? null;
}

/** Locks the speed until the transaction ends. @returns null when the model has not run in this profile yet */
export async function lockSpeed(queries: Queries, key: SpeedKey): Promise<ModelSpeed | null> {
  return toModelSpeed(await speedQuery(queries, key).forUpdate().executeTakeFirst());
}

export async function saveSpeed(queries: Queries, { model, profile }: SpeedKey, speed: ModelSpeed): Promise<void> {
  const { msPerStepMegapixel, msPerImage, runs } = speed;
  const values = { ms_per_step_megapixel: msPerStepMegapixel, ms_per_image: msPerImage, runs };
  await queries
    .insertInto('model_speed')
    .values({ model, profile, ...values })
    .onConflict((conflict) => conflict.columns(['model', 'profile']).doUpdateSet(values))
    .execute();
}

function speedQuery(queries: Queries, { model, profile }: SpeedKey) {
  return queries.selectFrom('model_speed').selectAll().where('model', '=', model).where('profile', '=', profile);
}

function toModelSpeed(row: Selectable<ModelSpeedTable> | undefined): ModelSpeed | null {
  return row === undefined ? null : modelSpeedOf(row);
}

function modelSpeedOf(row: Selectable<ModelSpeedTable>): ModelSpeed {
  return { msPerStepMegapixel: row.ms_per_step_megapixel, msPerImage: row.ms_per_image, runs: row.runs };
}
