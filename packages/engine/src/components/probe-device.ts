import { messageOf } from '@easel/errors';
import type { DeviceCheck } from '../device-info.ts';
import { cancelledError } from '../errors.ts';
import { cpu } from '../runtime/devices/cpu.ts';
import type { Device, DeviceName, GraphForm } from '../runtime/devices/device.ts';
import { deviceKinds } from '../runtime/devices/devices.ts';
import {
  checkNames,
  checkOfStep,
  type ProbeFindings,
  type ProbeStep,
  WIDEST_TRIED_HEAD,
} from '../runtime/devices/probe-steps.ts';
import { announcePass, nextTurn, type RunHooks } from '../runtime/passes.ts';
import { createSession, type Session } from '../runtime/session.ts';
import type { FloatType } from '../weights/element-values.ts';
import {
  attentionNetworks,
  convertedNetworks,
  longSums,
  operatorNetworks,
  type ProbeNetwork,
  probeGraph,
  productChain,
  weightsNetwork,
} from './probe-networks.ts';

export interface ProbeHooks extends RunHooks {
  readonly signal?: AbortSignal;
}

/** Relative errors (of L2 norms) up to which results are right: sums in another order differ by 1e-6. */
const FLOAT32_ERROR = 1e-4;
/** Kernels that add in half precision are off by 1 % in the longest sums; a picture survives that, and no more. */
const FLOAT16_ERROR = 2e-2;
/** Has attention cut into chunks. */
const FEW_SCORES = 2 ** 15;

/** Tries a device by small networks, whose results on the CPU are right. A check that fails is a finding, never an error. */
export async function probeStep(
  step: ProbeStep,
  name: DeviceName,
  threads: number,
  hooks: ProbeHooks = {},
): Promise<ProbeFindings> {
  const kind = deviceKinds[name];
  const form: GraphForm = { ...kind.form, arithmetic: 'float32', attention: 'plain', largestScores: FEW_SCORES };
  const trial = new Trial((changes) => kind.create({ ...form, ...changes }), threads, hooks);
  try {
    return await steps[step](trial, kind.form);
  } finally {
    await trial.end();
  }
}

const steps: Readonly<Record<ProbeStep, (trial: Trial, form: GraphForm) => Promise<ProbeFindings>>> = {
  speed: (trial) => trial.compareSpeed(),
  operators: async (trial) => {
    const checks: DeviceCheck[] = [];
    for (const [name, network] of Object.entries(operatorNetworks)) checks.push(await trial.check(name, network));
    return { checks };
  },
  weights: async (trial, { stored }) => {
    const checks: DeviceCheck[] = [];
    for (const [type, dtype] of floatTypes)
      if (stored.includes(type))
        checks.push(await trial.check(checkNames.weights(type), weightsNetwork, { stored: dtype }));
    return { checks };
  },
  converted: async (trial) => {
    const options = { stored: 'F16', form: { stored: ['float32'] } } as const;
    return { checks: [await trial.checkAll(checkNames.converted, convertedNetworks, options)] };
  },
  attention: async (trial) => {
    const form = { attention: 'fused', widestFusedHead: WIDEST_TRIED_HEAD } as const;
    return { checks: [await trial.checkAll(checkNames.attention, attentionNetworks, { form })] };
  },
  float16: async (trial) => {
    const options = { form: { arithmetic: 'float16' }, stored: 'F16', limit: FLOAT16_ERROR } as const;
    const networks = [...Object.values(operatorNetworks), longSums];
    return { checks: [await trial.checkAll(checkNames.float16, networks, options)] };
  },
};

/** Other types of weights than float32, which every device reads. */
const floatTypes = [
  ['float16', 'F16'],
  ['bfloat16', 'BF16'],
  ['float64', 'F64'],
] as const;

interface CheckOptions {
  readonly form?: Partial<GraphForm>;
  readonly stored?: FloatType;
  readonly limit?: number;
}

/** Products of growing work: the first that takes long enough on the device is timed. */
const PRODUCTS = [
  { side: 512, length: 1 },
  { side: 1024, length: 1 },
  { side: 1024, length: 8 },
  { side: 1024, length: 64 },
];
/** Long beside the start of a run and the transfer of its input. */
const LONG_ENOUGH_MS = 60;
const RUNS = 3;
/** After so long in runs there is no other one: what is slow is measured well by one. */
const LONG_IN_ALL_MS = 3 * LONG_ENOUGH_MS;

/** The sessions of one step. Those on the device live until its end: with the last one a driver forgets what it has compiled. */
class Trial {
  readonly #create: (changes: Partial<GraphForm>) => Device;
  readonly #threads: number;
  readonly #hooks: ProbeHooks;
  readonly #sessions: Session[] = [];

  constructor(create: (changes: Partial<GraphForm>) => Device, threads: number, hooks: ProbeHooks) {
    this.#create = create;
    this.#threads = threads;
    this.#hooks = hooks;
  }

  /** Compares a network's results with those of the CPU. */
  async check(name: string, network: ProbeNetwork, options: CheckOptions = {}): Promise<DeviceCheck> {
    const { form = {}, stored, limit = FLOAT32_ERROR } = options;
    try {
      const right = await this.#results(network, cpu, stored);
      const found = await this.#results(network, this.#create(form), stored);
      const error = Math.max(...right.map((values, index) => distance(values, found[index])));
      if (error < limit) return { name, ok: true, error };
      const reason = Number.isFinite(error)
        ? `its results are wrong: off by ${error.toPrecision(2)}, where ${limit} is allowed`
        : 'its results are no finite numbers';
      return { name, ok: false, ...(Number.isFinite(error) && { error }), reason };
    } catch (thrown) {
      return this.#failed(name, thrown);
    }
  }

  /** Several networks as one check: the largest error, or the first that fails. */
  async checkAll(name: string, networks: readonly ProbeNetwork[], options: CheckOptions): Promise<DeviceCheck> {
    let error = 0;
    for (const network of networks) {
      const check = await this.check(name, network, options);
      if (!check.ok) return check;
      error = Math.max(error, check.error ?? 0);
    }
    return { name, ok: true, error };
  }

  async compareSpeed(): Promise<ProbeFindings> {
    const name = checkOfStep.speed;
    try {
      const device = await this.#productSpeed(this.#create({}));
      const ofCpu = await this.#productSpeed(cpu, device.side);
      const speed = { device: device.gigaflops, cpu: ofCpu.gigaflops };
      return { checks: [{ name, ok: true }], speed };
    } catch (thrown) {
      return { checks: [this.#failed(name, thrown)] };
    }
  }

  #failed(name: string, thrown: unknown): DeviceCheck {
    if (this.#hooks.signal?.aborted) throw cancelledError();
    return { name, ok: false, reason: plainReason(messageOf(thrown)) };
  }

  async end(): Promise<void> {
    for (const session of this.#sessions) await session.release();
  }

  /** The best of several runs, or of one that takes long. @param side of the products; absent: as large as they must be to take long enough */
  async #productSpeed(device: Device, side?: number) {
    let best = { side: 0, gigaflops: 0 };
    for (const product of PRODUCTS) {
      if (side !== undefined && product.side !== side) continue;
      const { graph, feeds } = probeGraph(productChain(product.side, product.length), device.form);
      const session = await this.#session(graph, device);
      await this.#pass(() => session.run(feeds));
      let ms = Number.POSITIVE_INFINITY;
      let inAll = 0;
      for (let run = 0; run < RUNS && inAll < LONG_IN_ALL_MS; run++) {
        const began = performance.now();
        await this.#pass(() => session.run(feeds));
        const took = performance.now() - began;
        ms = Math.min(ms, took);
        inAll += took;
      }
      best = { side: product.side, gigaflops: (2 * product.side ** 3 * product.length) / ms / 1e6 };
      if (ms >= LONG_ENOUGH_MS) break;
    }
    return best;
  }

  async #results(network: ProbeNetwork, device: Device, stored: FloatType | undefined): Promise<Float32Array[]> {
    const { graph, feeds, outputs } = probeGraph(network, device.form, stored);
    const session = await this.#session(graph, device);
    const results = await this.#pass(() => session.run(feeds));
    return outputs.map((name) => results[name] ?? new Float32Array());
  }

  async #session(graph: Parameters<typeof createSession>[0], device: Device): Promise<Session> {
    const profile = { weightFolder: '/', threads: this.#threads, weights: 'mapped' } as const;
    const session = await this.#pass(() => createSession(graph, device, profile));
    this.#sessions.push(session);
    return session;
  }

  async #pass<T>(pass: () => Promise<T>): Promise<T> {
    await nextTurn(this.#hooks.signal);
    return announcePass(this.#hooks, 'probe', pass);
  }
}

/** ‖found − right‖ / ‖right‖; infinite where a value is not finite. */
function distance(right: Float32Array, found: Float32Array = new Float32Array()): number {
  if (found.length !== right.length) return Number.POSITIVE_INFINITY;
  let [difference, size] = [0, 0];
  for (const [index, value] of right.entries()) {
    difference += ((found[index] ?? Number.NaN) - value) ** 2;
    size += value ** 2;
  }
  const error = Math.sqrt(difference / size);
  return Number.isFinite(error) ? error : Number.POSITIVE_INFINITY;
}

/** Without the places in the runtime's source code. */
function plainReason(message: string): string {
  return message
    .replaceAll(/\s+/g, ' ')
    .replace(/^the inference runtime failed: (Error: )?/, '')
    .replace(/^.* (?:was false\.|Status Message:) (?:\S+\.(?:cc|cpp|h):\d+ \S+ )?/, '')
    .trim()
    .slice(0, 300);
}
