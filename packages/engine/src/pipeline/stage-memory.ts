import type { MemoryUse, Stage } from '../runtime/memory.ts';

/** Frees what its sessions hold; they are created again when needed. */
export type ReleaseSessions = () => Promise<void>;

/** Before each stage of a run, and after its end, releases the networks that the memory use does not keep for it. */
export class StageMemory {
  readonly use: MemoryUse;
  readonly #release: Readonly<Record<Stage, ReleaseSessions>>;

  constructor(use: MemoryUse, release: Readonly<Record<Stage, ReleaseSessions>>) {
    this.use = use;
    this.#release = release;
  }

  /** Whether a stage's networks stay loaded while another stage runs. */
  keeps(stage: Stage): boolean {
    return this.use === 'large' || (this.use === 'normal' && stage !== 'texts');
  }

  async enter(next: Stage | 'end'): Promise<void> {
    for (const stage of ['texts', 'denoise', 'pixels'] as const)
      if (stage !== next && !this.keeps(stage)) await this.#release[stage]();
  }
}
