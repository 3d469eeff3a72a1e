import type { Transaction } from '../database/database.ts';

/** How fast a model draws on these machines. */
export interface ModelSpeed {
  /** Milliseconds for one step on one megapixel (1,048,576 pixels). */
  readonly msPerStepMegapixel: number;
  /** Milliseconds for each picture besides: reading the prompt, decoding, encoding. */
  readonly msPerImage: number;
  /** How many runs this was learnt from. */
  readonly runs: number;
}

/** Of the sweeps that delete what has had its time. */
export interface SweepTimes {
  readonly sweptAt: Date;
  /** Nothing is deleted before; see `holdDeletion`. */
  readonly heldUntil: Date;
}

/** What all processes of the server agree on. */
export interface Settings {
  isPaused(transaction: Transaction): Promise<boolean>;
  /** Also keeps it as it is until the transaction ends: whoever pauses waits for what is being started. */
  holdPaused(transaction: Transaction): Promise<boolean>;
  /** Waits for whoever holds it. */
  setPaused(transaction: Transaction, paused: boolean): Promise<void>;
  /** Also locks them until the transaction ends. @returns null when there was no sweep yet */
  lockSweepTimes(transaction: Transaction): Promise<SweepTimes | null>;
  setSweepTimes(transaction: Transaction, times: SweepTimes): Promise<void>;
  /** @returns null when the model has not been run yet */
  speedOf(transaction: Transaction, model: string): Promise<ModelSpeed | null>;
  /** Also locks it until the transaction ends. */
  lockSpeed(transaction: Transaction, model: string): Promise<ModelSpeed | null>;
  setSpeed(transaction: Transaction, model: string, speed: ModelSpeed): Promise<void>;
}
