import { EngineError } from '../errors.ts';
import type { Device } from './devices/device.ts';
import { deviceKinds } from './devices/devices.ts';
import type { MemoryUse, Stage } from './memory.ts';
import type { RunHooks } from './passes.ts';

/** A part of a model that has sessions. They are created again when needed. */
export interface Resident {
  /** The stage that it belongs to; absent: it serves several. */
  readonly stage?: Stage;
  /** Frees its sessions, and what it keeps of a run. */
  release(): Promise<void>;
  /** Frees its sessions in the middle of a run; absent: as `release` does. */
  releaseSessions?(): Promise<void>;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Decides which sessions of a model stay, on its device and in memory. All networks of a model share one.
 *
 * On a device that keeps released weights (`Device.keepsReleasedWeights`) one session is never released alone: before a session of another
 * size, form or stage takes the place of one, all of them are released.
 */
export class Residency {
  readonly #device: Device;
  readonly #residents: Resident[] = [];
  #use: MemoryUse;
  #stage: Stage | 'end' = 'end';
  #size: string | undefined;

  constructor(device: Device, use: MemoryUse) {
    this.#device = device;
    this.#use = use;
  }

  add(resident: Resident): void {
    this.#residents.push(resident);
  }

  /** Whether weights are copied to a device: then each session has its own. */
  get hasDevice(): boolean {
    return this.#device.name !== 'cpu';
  }

  /** Whether a device's memory is short, so that a large picture is decoded in tiles. */
  get isShort(): boolean {
    return this.hasDevice && this.#use === 'small';
  }

  /** Whether a stage's networks stay loaded while another stage runs. */
  get kept(): Readonly<Record<Stage, boolean>> {
    return { texts: this.#use === 'large', denoise: this.#use !== 'small', pixels: this.#use !== 'small' };
  }

  /** Before each stage of a run, and after its end: releases the networks that do not stay for it. */
  async enter(next: Stage | 'end'): Promise<void> {
    const isChange = next !== this.#stage;
    this.#stage = next;
    if (!this.#device.keepsReleasedWeights) {
      for (const resident of this.#residents) {
        const { stage } = resident;
        if (stage !== undefined && stage !== next && !this.kept[stage]) await resident.release();
      }
    } else if (isChange && this.#use !== 'large') {
      for (const resident of this.#residents) await resident.release();
    }
  }

  /** Before the first session for pictures of a size. */
  async resize({ width, height }: Size): Promise<void> {
    const size = `${width}x${height}`;
    if (this.#device.keepsReleasedWeights && this.#size !== undefined && this.#size !== size) await this.#releaseAll();
    this.#size = size;
  }

  /** Before a session takes the place of others of its network. @param release what it replaces */
  replace(release: () => Promise<void>): Promise<void> {
    return this.#device.keepsReleasedWeights ? this.#releaseAll() : release();
  }

  /**
   * Runs a pass, or prepares one. When the device's memory runs out in it, everything is released, from then on one network at a time is on the
   * device, and the pass, which depends on nothing but its inputs, is run once more.
   *
   * @throws EngineError `out_of_memory` when it runs out again
   */
  async attempt<T>(pass: () => Promise<T>, { onNotice }: RunHooks): Promise<T> {
    if (!this.hasDevice) return pass();
    try {
      return await pass();
    } catch (thrown) {
      const code = thrown instanceof EngineError ? thrown.code : undefined;
      // A new device is created with the first session after the last one has gone.
      if (code === 'device_lost') await this.#releaseAll().catch(() => undefined);
      if (code !== 'out_of_memory') throw thrown;
    }
    if (this.#use !== 'small') {
      const { title } = deviceKinds[this.#device.name];
      onNotice?.(
        `the memory of the graphics card (${title}) ran out: from now on one network at a time is on it, which takes longer; memory small does so from the start`,
      );
    }
    this.#use = 'small';
    await this.#releaseAll();
    return pass().catch((thrown: unknown) => {
      throw thrown instanceof EngineError && thrown.code === 'out_of_memory' ? this.#exhausted(thrown) : thrown;
    });
  }

  async #releaseAll(): Promise<void> {
    for (const resident of this.#residents) await (resident.releaseSessions?.() ?? resident.release());
  }

  #exhausted({ message, cause }: EngineError): EngineError {
    const { title } = deviceKinds[this.#device.name];
    return new EngineError('out_of_memory', `${message}; ${title} had nothing else of this model in its memory`, {
      remedy:
        'make a smaller picture, close other programs that use the graphics card, or use another device (`--device cpu`)',
      cause,
    });
  }
}
