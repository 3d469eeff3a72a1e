import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Values that are read at each scrape. */
export interface MetricReadings {
  queueDepth(): Promise<ReadonlyMap<string, number>>;
  engineMemory(): Promise<ReadonlyMap<string, number>>;
  /** Of all workers that live; the device is '' until it is known. */
  engines(): Promise<readonly EngineCount[]>;
  /** By model, device and profile: what its engines measured last, on average. */
  speeds(): Promise<readonly EngineSpeedReading[]>;
  /** The workers of the last hour, by state. */
  workers(): Promise<ReadonlyMap<string, number>>;
  isStorageAvailable(): boolean;
  /** Of the accounts that spend most, and of all others together; absent: not told. */
  accounts?: (() => Promise<readonly AccountGauges[]>) | undefined;
}

/** Amounts in credits. */
export interface AccountGauges {
  readonly account: string;
  readonly queued: number;
  readonly running: number;
  readonly spent: number;
  readonly balance: number;
}

export interface EngineSpeedReading {
  readonly model: string;
  readonly device: string;
  readonly profile: string;
  /** For one step on one megapixel. */
  readonly seconds: number;
}

export interface EngineCount {
  readonly model: string;
  readonly device: string;
  readonly arithmetic: string;
  readonly count: number;
}

/** The metrics of a process. */
export interface Metrics {
  jobEnded(job: EndedJob): void;
  /** A draft is no job of the others' metrics. */
  draftEnded(model: string, state: EndedJob['state']): void;
  /** @param device null: not known */
  stepsDone(model: string, steps: number, device: string | null): void;
  /** An attempt to deliver a webhook has ended. */
  webhookSent(result: 'delivered' | 'failed'): void;
  requestEnded(request: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly seconds: number;
  }): void;
  /** Text format of Prometheus (exposition format 0.0.4). */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface EndedJob {
  readonly model: string;
  readonly state: 'succeeded' | 'failed' | 'cancelled';
  readonly errorCode: string | null;
  /** In seconds; null when it never ran. */
  readonly waited: number | null;
  readonly ran: number | null;
  /** What drew its pictures; null: it has none. */
  readonly device: string | null;
  /** Charged credits. */
  readonly credits: number;
}

/** Bucket bounds in seconds: a picture takes from a fraction of a second to most of an hour. */
const JOB_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** All are shown, also those without a worker, so that an alert on `lost` has a value before it happens. */
const workerStates = ['starting', 'idle', 'busy', 'lost'];

/** Creates metrics in a registry of their own, so that several servers in one process do not mix. */
export function createMetrics(readings: MetricReadings): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // Under their standard names, which ready-made Node.js dashboards use.
  collectDefaultMetrics({ register: registry });
  // Gauges with names of counters, which `promtool check metrics` reports; those without `_total` have the same values by type.
  for (const name of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${name}_total`);
  const { jobs, drafts, waits, runs, steps, credits, requests, webhooks } = createInstruments(registers);
  createGauges(registers, readings);
  return {
    jobEnded({ model, state, errorCode, waited, ran, device, credits: charged }) {
      jobs.inc({ model, state, code: errorCode ?? '' });
      if (waited !== null) waits.observe({ model }, waited);
      if (ran !== null) runs.observe({ model, device: device ?? '' }, ran);
      if (charged > 0) credits.inc({ model }, charged);
    },
    draftEnded: (model, state) => drafts.inc({ model, state }),
    stepsDone: (model, count, device) => steps.inc({ model, device: device ?? '' }, count),
    webhookSent: (result) => webhooks.inc({ result }),
    requestEnded: ({ method, route, status, seconds }) => requests.observe({ method, route, status }, seconds),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** What is read at each scrape. */
function createGauges(registers: Registry[], readings: MetricReadings): void {
  readAtScrape(registers, 'easel_queue_depth', 'Queued jobs.', readings.queueDepth);
  readAtScrape(
    registers,
    'easel_engine_memory_bytes',
    "Memory used by a model's process, including mapped weights, in bytes.",
    readings.engineMemory,
  );
  new Gauge({
    name: 'easel_engines',
    help: 'Engines of the running workers, by model and by the device that they run on.',
    labelNames: ['model', 'device', 'arithmetic'],
    registers,
    async collect() {
      this.reset();
      for (const { count, ...labels } of await readings.engines()) this.set(labels, count);
    },
  });
  new Gauge({
    name: 'easel_engine_step_megapixel_seconds',
    help: 'Time of one step on one megapixel (1,048,576 pixels) in the last jobs of the running engines, on average, in seconds.',
    labelNames: ['model', 'device', 'profile'],
    registers,
    async collect() {
      this.reset();
      for (const { seconds, ...labels } of await readings.speeds()) this.set(labels, seconds);
    },
  });
  new Gauge({
    name: 'easel_workers',
    help: 'Workers of the last hour, by state; lost: without a heartbeat for 15 seconds.',
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset();
      const counts = await readings.workers();
      for (const state of workerStates) this.set({ state }, counts.get(state) ?? 0);
    },
  });
  new Gauge({
    name: 'easel_storage_available',
    help: 'Whether pictures can be stored: 1 if so, 0 while jobs wait for the storage.',
    registers,
    collect() {
      this.set(readings.isStorageAvailable() ? 1 : 0);
    },
  });
  if (readings.accounts !== undefined) readAccountsAtScrape(registers, readings.accounts);
}

/** What is counted and measured as it happens. */
function createInstruments(registers: Registry[]) {
  const jobs = new Counter({
    name: 'easel_jobs_total',
    help: 'Finished jobs, by final state and error code.',
    labelNames: ['model', 'state', 'code'],
    registers,
  });
  const drafts = new Counter({
    name: 'easel_drafts_total',
    help: 'Finished drafts, which cost nothing, by final state; cancelled: mostly replaced by the next one.',
    labelNames: ['model', 'state'],
    registers,
  });
  const waits = new Histogram({
    name: 'easel_job_wait_seconds',
    help: 'Time a job spent queued, in seconds.',
    labelNames: ['model'],
    buckets: JOB_SECONDS,
    registers,
  });
  const runs = new Histogram({
    name: 'easel_job_run_seconds',
    help: 'Time a job spent running, in seconds, by the device that drew its pictures.',
    labelNames: ['model', 'device'],
    buckets: JOB_SECONDS,
    registers,
  });
  const steps = new Counter({
    name: 'easel_steps_total',
    help: 'Sampling steps completed.',
    labelNames: ['model', 'device'],
    registers,
  });
  const credits = new Counter({
    name: 'easel_credits_charged_total',
    help: 'Credits charged for jobs.',
    labelNames: ['model'],
    registers,
  });
  const requests = new Histogram({
    name: 'easel_http_request_seconds',
    help: 'Time to answer an HTTP request, in seconds.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const webhooks = new Counter({
    name: 'easel_webhook_attempts_total',
    help: 'Attempts to deliver a webhook, by their result.',
    labelNames: ['result'],
    registers,
  });
  return { jobs, drafts, waits, runs, steps, credits, requests, webhooks };
}

function readAccountsAtScrape(registers: Registry[], read: () => Promise<readonly AccountGauges[]>): void {
  let pending: ReturnType<typeof read> | undefined;
  // A scrape collects all gauges at once: they share one reading.
  const readOnce = () => {
    pending ??= read().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    set: (gauge: Gauge<Label>, reading: AccountGauges) => void,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers,
      async collect() {
        const readings = await readOnce();
        this.reset();
        for (const reading of readings) set(this, reading);
      },
    });
  gauge(
    'easel_account_jobs',
    'Unfinished jobs of the accounts that spend most, and of all others.',
    ['account', 'state'],
    (jobs, reading) => {
      jobs.set({ account: reading.account, state: 'queued' }, reading.queued);
      jobs.set({ account: reading.account, state: 'running' }, reading.running);
    },
  );
  gauge(
    'easel_account_spent_credits',
    'Credits charged and reserved this month (UTC), less refunds, of the same accounts.',
    ['account'],
    (spent, reading) => spent.set({ account: reading.account }, reading.spent),
  );
  gauge(
    'easel_account_balance_credits',
    'Balances in credits, of the same accounts.',
    ['account'],
    (balance, reading) => balance.set({ account: reading.account }, reading.balance),
  );
}

function readAtScrape(
  registers: Registry[],
  name: string,
  help: string,
  read: () => Promise<ReadonlyMap<string, number>>,
): void {
  new Gauge({
    name,
    help,
    labelNames: ['model'],
    registers,
    async collect() {
      this.reset();
      for (const [model, value] of await read()) this.set({ model }, value);
    },
  });
}
