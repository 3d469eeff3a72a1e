import { setTimeout as sleep } from 'node:timers/promises';
import type { PaintedRequest, Painter, Painting, PaintOptions } from '../../packages/server/src/models/painter.ts';

/** A painter that only sleeps: what is left is what the queue, the ledger and the image store cost. */
export class SleepingPainter implements Painter {
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  async paint(request: PaintedRequest, { signal }: PaintOptions): Promise<Painting> {
    await sleep(this.#ms, undefined, { signal });
    const { profile, samples, seed, width, height, steps } = request;
    const bytes = Buffer.from('asleep');
    return {
      model: 'sleeping',
      profile,
      device: { name: 'cpu', title: 'none', arithmetic: 'float32' },
      images: Array.from({ length: samples }, (_, index) => ({ bytes, seed: seed + index, width, height })),
      steps: steps * samples,
      denoiseMs: this.#ms,
      otherMs: 0,
    };
  }

  models() {
    return [];
  }

  async refreshModels() {}

  async tokenize() {
    return [];
  }

  engines() {
    return [];
  }

  async isNeeded() {
    return true;
  }

  warmUp(): Promise<Painting> {
    return Promise.reject(new Error('there is nothing to warm up'));
  }

  async memory() {
    return new Map<string, number>();
  }

  async close() {}
}
