import { type Device, defaults, PIXELS_PER_MEGAPIXEL, type Profile } from '@easel/contract';
import type { Selectable } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { DeviceSpeedTable } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import type { Painting } from '../models/painter.ts';
import type { JobRequest } from './job.ts';
import { findLiveEngines } from './live-engines.ts';

/** How fast a model runs in one profile on one kind of device. */
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

type Work = Pick<JobRequest, 'samples' | 'steps' | 'width' | 'height'> &
  Partial<Pick<JobRequest, 'upscale' | 'upscaler' | 'strength'>>;

/** Of tiles, which overlap, to what they cover. */
const TILES_SHARE = 1.2;
/** How many steps on a picture take as long as enlarging it with an ESRGAN network of the usual size. */
const NETWORK_STEPS = 3;

export function amountOfWork({ samples, steps, width, height, ...more }: Work): WorkAmount {
  const megapixels = (width * height) / PIXELS_PER_MEGAPIXEL;
  return { jobs: 1, stepMegapixels: samples * megapixels * stepsOf(steps, more), images: samples };
}

/** As many steps at the size that is drawn take as long. */
function stepsOf(steps: number, { upscale, upscaler, strength }: Partial<Work>): number {
  if (!upscale) return steps;
  const isNetwork = upscaler === 'network';
  const repainted = strength ?? (isNetwork ? 0 : defaults.upscaledStrength);
  // A strength is that of a picture that was sent, of which nothing else is drawn.
  const drawn = (strength ?? null) === null ? steps : 0;
  return drawn + (isNetwork ? NETWORK_STEPS : 0) + steps * repainted * upscale ** 2 * TILES_SHARE;
}

/** Estimated milliseconds on one worker. */
export function estimateMs({ stepMegapixels, images }: Omit<WorkAmount, 'jobs'>, speed: ModelSpeed): number {
  return stepMegapixels * speed.msPerStepMegapixel + images * speed.msPerImage;
}

/** The same on each of these engines; null where one of them has not run yet, or there is none. */
export function estimatesMs(
  work: Work,
  { each }: Pick<CurrentSpeeds, 'each'>,
  profile: Profile,
): readonly number[] | null {
  const speeds = each.map((engine) => speedIn(engine, profile));
  const known = speeds.flatMap((speed) => speed ?? []);
  if (known.length < speeds.length || known.length === 0) return null;
  return known.map((speed) => estimateMs(amountOfWork(work), speed));
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
 * Seconds after which a run counts as hung, on the slowest of these engines. Where one of them has not run yet it is the longest time: a dead
 * worker is detected by its missing heartbeat, not by this.
 *
 * @throws DomainError `invalid_request` for work that takes longer than a run may
 */
export function expiryOf(work: Work, { each }: Pick<CurrentSpeeds, 'each'>, profile: Profile): number {
  const estimates = estimatesMs(work, { each }, profile);
  if (estimates === null) return LONGEST_EXPIRY_S;
  const times = estimates.map((ms) => Math.ceil((PATIENCE * ms) / 1000));
  const seconds = Math.min(...times);
  if (seconds <= LONGEST_EXPIRY_S) return Math.min(LONGEST_EXPIRY_S, Math.max(...times, SHORTEST_EXPIRY_S));
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

/** What a speed is measured for. @see deviceLabel */
export type SpeedKey = Pick<JobRequest, 'model' | 'profile'> & { readonly device: string };

/** By what the speed of a device depends on. */
export function deviceLabel({ name, arithmetic, adapter }: Pick<Device, 'name' | 'arithmetic' | 'adapter'>): string {
  return [name, ...(arithmetic === 'float32' ? [] : [arithmetic]), ...(adapter === undefined ? [] : [adapter])].join(
    ' ',
  );
}

/** The speeds of a model in the profiles in which it has run. */
export type ModelSpeeds = ReadonlyMap<Profile, ModelSpeed>;

/** How fast the engines of a model are that run now. */
export interface CurrentSpeeds {
  /** Of each engine; without a worker of each device on which the model ever ran. Empty for one that has not told its device, or never ran there. */
  readonly each: readonly ModelSpeeds[];
  /** The number of jobs that run at the same time; at least 1. */
  readonly engines: number;
}

/** What was measured on another device says nothing of these. */
export async function findSpeeds(queries: Queries, model: string): Promise<CurrentSpeeds> {
  const rows = await queries.selectFrom('device_speed').selectAll().where('model', '=', model).execute();
  const measured = new Map(
    [...Map.groupBy(rows, ({ device }) => device)].map(([device, own]) => [device, speedsOf(own)] as const),
  );
  const engines = (await findLiveEngines(queries)).get(model) ?? [];
  if (engines.length === 0) return { each: [...measured.values()], engines: 1 };
  const each = engines.map(({ device }) => (device && measured.get(deviceLabel(device))) ?? new Map());
  return { each, engines: engines.length };
}

function speedsOf(rows: readonly Selectable<DeviceSpeedTable>[]): ModelSpeeds {
  return new Map(rows.map((row) => [row.profile, modelSpeedOf(row)]));
}

/** In a profile in which the model has not run yet, it is taken to be as fast as in the slowest one in which it has. */
export function speedIn(speeds: ModelSpeeds, profile: Profile): ModelSpeed | null {
  const known = [...speeds.values()].toSorted((one, other) => other.msPerStepMegapixel - one.msPerStepMegapixel);
  return speeds.get(profile) ?? known[0] ?? null;
}

/**
 * What to expect of engines of different speed: the one with which as many jobs are done as with all of them, a harmonic mean.
 *
 * @returns null while no speed is known
 */
export function expectedSpeed({ each }: CurrentSpeeds, profile: Profile): ModelSpeed | null {
  const known = each.flatMap((speeds) => speedIn(speeds, profile) ?? []);
  if (known.length === 0) return null;
  const mean = (part: 'msPerStepMegapixel' | 'msPerImage') =>
    known.length / known.reduce((sum, speed) => sum + 1 / speed[part], 0);
  return {
    msPerStepMegapixel: mean('msPerStepMegapixel'),
    msPerImage: mean('msPerImage'),
    runs: known.reduce((sum, { runs }) => sum + runs, 0),
  };
}

/** The same as it was measured in this very profile, for what people choose by. @returns null where no engine has run it */
export function measuredSpeed({ each, engines }: CurrentSpeeds, profile: Profile): ModelSpeed | null {
  const measured = each.flatMap((speeds) => {
    const own = speeds.get(profile);
    return own === undefined ? [] : [new Map([[profile, own]])];
  });
  return expectedSpeed({ each: measured, engines }, profile);
}

/** Locks the speed until the transaction ends. @returns null when the model has not run there in this profile yet */
export async function lockSpeed(queries: Queries, { model, profile, device }: SpeedKey): Promise<ModelSpeed | null> {
  const row = await queries
    .selectFrom('device_speed')
    .selectAll()
    .where('model', '=', model)
    .where('profile', '=', profile)
    .where('device', '=', device)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? null : modelSpeedOf(row);
}

export async function saveSpeed(
  queries: Queries,
  { model, profile, device }: SpeedKey,
  speed: ModelSpeed,
): Promise<void> {
  const { msPerStepMegapixel, msPerImage, runs } = speed;
  const values = { ms_per_step_megapixel: msPerStepMegapixel, ms_per_image: msPerImage, runs };
  await queries
    .insertInto('device_speed')
    .values({ model, profile, device, ...values })
    .onConflict((conflict) => conflict.columns(['model', 'profile', 'device']).doUpdateSet(values))
    .execute();
}

function modelSpeedOf(row: Selectable<DeviceSpeedTable>): ModelSpeed {
  return { msPerStepMegapixel: row.ms_per_step_megapixel, msPerImage: row.ms_per_image, runs: row.runs };
}
