import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { microToDecimal } from '@easel/contract';
import type { Clock } from '../clock.ts';
import { chargeHold } from '../credits/holds.ts';
import type { Database } from '../database/database.ts';
import { newImageName } from '../ids.ts';
import type { Painting } from '../models/painter.ts';
import { type ImageStore, StorageUnavailable } from '../pictures/image-store.ts';
import { type ImageRecord, insertImages } from '../pictures/images.ts';
import type { StartPictures } from '../pictures/start-pictures.ts';
import type { StorageWatch } from '../pictures/storage-watch.ts';
import type { Events } from './events-port.ts';
import type { JobLog } from './job-log-port.ts';
import type { JobRecord, Jobs } from './jobs-port.ts';
import { after, type Retention } from './retention.ts';
import type { Settings } from './settings-port.ts';
import { learnSpeed } from './speed.ts';

/** How long finished pictures are held when they cannot be stored, so that they need not be drawn again; far less than a run may take. */
const HELD_MS = 5 * 60_000;
const STORE_AGAIN_MS = 1000;

export interface FinishJobParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly events: Events;
  readonly settings: Settings;
  readonly store: ImageStore;
  readonly storage: StorageWatch;
  readonly startPictures: StartPictures;
  readonly clock: Clock;
  readonly jobLog: JobLog;
  readonly retention: Retention;
}

/** Ends a job that came out well: keeps its pictures and charges its price. */
export class FinishJob {
  readonly #parts: FinishJobParts;

  constructor(parts: FinishJobParts) {
    this.#parts = parts;
  }

  /**
   * The pictures are stored before the job is marked as done, so a job that is done has its pictures. Should this process die in
   * between, they are files that nobody knows, which the janitor removes.
   *
   * @param signal ends the wait for a store that takes no pictures
   * @returns false, and nothing is charged or kept, when the job had ended or its attempt is no longer the present one
   * @throws StorageUnavailable when it takes none for minutes; the signal's reason
   */
  async finish(job: JobRecord, painting: Painting, signal: AbortSignal): Promise<boolean> {
    const images = this.#describe(job, painting);
    await this.#storePatiently(images, painting, signal);
    const finished = await this.#end(job, images, painting.model);
    if (finished) {
      const { attempt, price } = job;
      const charged = microToDecimal(price);
      this.#parts.jobLog('info', 'job succeeded, charged', job, { attempt, charged, pictures: images.length });
      await this.#parts.startPictures.removeOf(job);
    } else for (const { name, format } of images) await this.#parts.store.remove(name, format);
    await this.#learn(job, painting);
    return finished;
  }

  async #storePatiently(images: readonly ImageRecord[], painting: Painting, signal: AbortSignal): Promise<void> {
    for (const began = performance.now(); ; await sleep(STORE_AGAIN_MS, undefined, { signal })) {
      try {
        await this.#store(images, painting);
        return;
      } catch (error) {
        if (!(error instanceof StorageUnavailable)) throw error;
        this.#parts.storage.note(error);
        if (performance.now() - began > HELD_MS) throw error;
      }
    }
  }

  async #store(images: readonly ImageRecord[], painting: Painting): Promise<void> {
    for (const [index, { name, format }] of images.entries()) {
      const { bytes } = painting.images[index] ?? missing(index);
      await this.#parts.store.put(name, format, bytes);
    }
  }

  #end(job: JobRecord, images: readonly ImageRecord[], drawnBy: string): Promise<boolean> {
    const { database, jobs, events, clock, retention } = this.#parts;
    return database.transaction(async (transaction) => {
      const now = clock.now();
      const expiresAt = after(now, retention.requestsMs);
      const end = { jobId: job.id, attempt: job.attempt, now, expiresAt, drawnBy };
      if (!(await jobs.succeed(transaction, end))) return false;
      await chargeHold(transaction, job.id, now);
      await insertImages(transaction, images);
      await events.append(transaction, job.id, { kind: 'succeeded' });
      return true;
    });
  }

  #describe({ id, request, store }: JobRecord, { images }: Painting): ImageRecord[] {
    const { clock, retention } = this.#parts;
    const createdAt = clock.now();
    const expiresAt = after(createdAt, store ? retention.imagesMs : retention.undeliveredMs);
    return images.map(({ bytes, seed, width, height }, index) => ({
      name: newImageName(),
      jobId: id,
      index,
      format: request.format,
      width,
      height,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest(),
      seed,
      createdAt,
      expiresAt,
    }));
  }

  async #learn({ request }: JobRecord, painting: Painting): Promise<void> {
    const { database, settings } = this.#parts;
    await database.transaction(async (transaction) => {
      const speed = await settings.lockSpeed(transaction, request.model);
      await settings.setSpeed(transaction, request.model, learnSpeed(speed, painting, request));
    });
  }
}

function missing(index: number): never {
  throw new RangeError(`there is no picture ${index}`);
}
