import type { JobRecord } from '../jobs/job.ts';
import type { Painting } from '../models/painter.ts';
import { newContext, parseTraceparent, type TraceContext, type Tracer, traced } from '../observability/tracing.ts';

/** The spans of one attempt of a job, below the request that submitted it, in whichever process that was. */
export class AttemptTrace {
  readonly #tracer: Tracer;
  readonly #job: JobRecord;
  readonly #workerId: string;
  readonly #start = new Date();
  readonly #request: TraceContext | null;
  readonly #attempt: TraceContext;
  /** When steps were done. */
  #firstStep: Date | undefined;
  #lastStep: Date | undefined;

  /** Of a job that has just been started. */
  constructor(tracer: Tracer, job: JobRecord, workerId: string) {
    this.#tracer = tracer;
    this.#job = job;
    this.#workerId = workerId;
    this.#request = tracer.isEnabled ? parseTraceparent(job.traceparent) : null;
    this.#attempt = newContext(this.#request);
    // Later attempts waited from the end of the one before, which nobody has written down.
    if (job.attempt === 1) this.#record('job queued', this.#request, job.createdAt, job.startedAt ?? this.#start);
  }

  /** Runs a part of the attempt. */
  step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const parent = this.#request === null ? null : this.#attempt;
    return traced(this.#tracer, { name, parent }, work);
  }

  stepDone(): void {
    const now = new Date();
    this.#firstStep ??= now;
    this.#lastStep = now;
  }

  /** The stages of the engine: what comes before the first step, the steps, and what comes after. */
  painted(start: Date, { steps, denoiseMs, device, profile }: Painting): void {
    if (this.#firstStep === undefined || this.#lastStep === undefined) return;
    const end = new Date();
    const began = new Date(Math.max(start.getTime(), this.#firstStep.getTime() - denoiseMs / Math.max(1, steps)));
    this.#record('engine: prepare', this.#attempt, start, began);
    const attributes = { 'easel.steps': steps, 'easel.device': device.name, 'easel.profile': profile };
    this.#record('engine: denoise', this.#attempt, began, this.#lastStep, attributes);
    this.#record('engine: decode', this.#attempt, this.#lastStep, end);
  }

  /** @param error what the attempt failed with */
  end(error?: unknown): void {
    if (this.#request === null) return;
    const { id, attempt, request } = this.#job;
    this.#tracer.record({
      name: 'job run',
      kind: 'consumer',
      parent: this.#request,
      context: this.#attempt,
      start: this.#start,
      end: new Date(),
      attributes: {
        'easel.job_id': id,
        'easel.attempt': attempt,
        'easel.model': request.model,
        'easel.worker_id': this.#workerId,
      },
      ...(error !== undefined && { error }),
    });
  }

  #record(
    name: string,
    parent: TraceContext | null,
    start: Date,
    end: Date,
    attributes: Readonly<Record<string, string | number>> = {},
  ): void {
    if (this.#request === null) return;
    this.#tracer.record({ name, parent, start, end, attributes: { 'easel.job_id': this.#job.id, ...attributes } });
  }
}
