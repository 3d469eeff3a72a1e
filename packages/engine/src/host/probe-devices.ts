import type { DeviceInfo, DeviceReport } from '../device-info.ts';
import { cancelledError, type EngineError, toEngineError } from '../errors.ts';
import {
  chooseDevice,
  type DeviceChoice,
  isWorthwhile,
  obstacleReport,
  type Probe,
  unavailableHere,
  withoutCard,
} from '../loading/choose-device.ts';
import { reportOf, unusable } from '../loading/device-report.ts';
import type { LoadOptions } from '../model.ts';
import { type DeviceName, deviceNames } from '../runtime/devices/device.ts';
import { deviceKinds } from '../runtime/devices/devices.ts';
import { type Machine, thisMachine } from '../runtime/devices/graphics-cards.ts';
import { checkOfStep, type ProbeFindings, type ProbeStep, probeSteps } from '../runtime/devices/probe-steps.ts';
import { engineThreads } from '../runtime/devices/processors.ts';
import { childModule, EngineChild } from './child-process.ts';
import { isProbeFindings } from './protocol.ts';
import { PassHistory, superviseCall } from './supervision.ts';

/** How long one small network may take. Slow machines need seconds; what takes longer hangs. */
const LIMIT_MS = 60_000;

export interface ProbeOptions {
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What the probe's processes write, such as warnings of drivers. */
  readonly onOutput?: (line: string) => void;
  /** Is told the title of each device before it is tried, which takes seconds. */
  readonly onTrying?: ((title: string) => void) | undefined;
  /** What is added to the environment of those processes, as of `cardEnvironment`. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds after which a network counts as hung. Default: a minute. */
  readonly limitMs?: number;
}

interface Trying extends ProbeOptions {
  /** The code of the processes. Default: the engine's. */
  readonly module?: URL;
}

/**
 * Tries every device of this machine, in processes of their own, and reports what was found: what each computes correctly, how fast, and what is
 * missing. Seconds of work for each device that is there.
 *
 * @throws EngineError `cancelled`
 * @example
 * for (const { title, usable, reason } of await probeDevices()) console.log(title, usable ? 'can be used' : reason);
 */
export async function probeDevices(options: ProbeOptions = {}): Promise<readonly DeviceReport[]> {
  const machine = machineWith(options);
  const reports: DeviceReport[] = [];
  for (const name of deviceNames) {
    if (name === 'cpu') continue;
    const absent = unavailableHere(name, machine) ?? withoutCard(name, machine) ?? obstacleReport(name, machine);
    reports.push(absent ?? (await probeDevice(name, 'whole', options)));
  }
  return reports;
}

/**
 * The device that a model is loaded for on this machine where no option names one, by what `probeDevices` has found: that of `EASEL_DEVICE`,
 * or the one that `auto` takes.
 *
 * @throws EngineError `invalid_request` for a variable that is not valid; `device_unavailable` where the one that it names cannot be used
 */
export async function usualDevice(reports: readonly DeviceReport[]): Promise<DeviceInfo> {
  const found = async (name: DeviceName) =>
    reports.find((report) => report.name === name) ?? unusable(name, { reason: 'it was not tried' });
  return (await chooseDevice({}, thisMachine(), found)).info;
}

function machineWith({ environment }: Trying): Machine {
  const machine = thisMachine();
  return { ...machine, env: { ...machine.env, ...environment } };
}

/** The device for these options on this machine; processes of their own try what there is. @throws EngineError as `chooseDevice` does */
export function chooseDeviceHere(load: LoadOptions, options: Omit<Trying, 'threads'> = {}): Promise<DeviceChoice> {
  const all = { ...options, threads: load.threads };
  return chooseDevice(load, machineWith(options), (name, extent) => probeDevice(name, extent, all));
}

/**
 * Runs the steps of a probe in a child. A driver that crashes or hangs ends that child and fails that step; the others get another child: a
 * driver may well fail at fused attention alone.
 *
 * Verdicts are not kept in files: a driver's update changes them, and so does a card that was added, lent to a container or taken away.
 */
async function probeDevice(...[name, extent, options]: [...Parameters<Probe>, Trying]): Promise<DeviceReport> {
  options.onTrying?.(deviceKinds[name].title);
  const findings: ProbeFindings[] = [];
  const trial = new ProbeChild(options);
  try {
    for (const step of probeSteps) {
      findings.push(await trial.run(name, step));
      const report = reportOf(name, findings);
      if (!report.usable || (extent === 'untilRefused' && !isWorthwhile(report))) break;
    }
  } finally {
    await trial.end();
  }
  return reportOf(name, findings);
}

/** A child for the steps of a probe, and another one after it has ended. */
class ProbeChild {
  readonly #options: Trying;
  #child: EngineChild | undefined;

  constructor(options: Trying) {
    this.#options = options;
  }

  async run(device: DeviceName, step: ProbeStep): Promise<ProbeFindings> {
    const { onOutput = () => undefined, threads = engineThreads(), signal, limitMs = LIMIT_MS } = this.#options;
    const { module = childModule('child'), environment } = this.#options;
    const supervision = { passes: new PassHistory(), deadlineMs: () => limitMs, pixels: 0, signal };
    const call = { type: 'probe', device, step, threads } as const;
    try {
      this.#child ??= new EngineChild(module, onOutput, environment);
      return await superviseCall(this.#child, call, isProbeFindings, supervision);
    } catch (thrown) {
      if (signal?.aborted) throw cancelledError();
      const child = this.#child;
      this.#child = undefined;
      const reason = await whyItFailed(toEngineError(thrown), child, limitMs);
      await child?.stop();
      return { checks: [{ name: checkOfStep[step], ok: false, reason }] };
    }
  }

  async end(): Promise<void> {
    await this.#child?.stop();
    this.#child = undefined;
  }
}

async function whyItFailed({ code, message }: EngineError, child: EngineChild | undefined, limitMs: number) {
  if (code === 'engine_hung') return `it hangs: a small network had not ended after ${Math.round(limitMs / 1000)} s`;
  if (code !== 'engine_crashed' || child === undefined) return message;
  const { code: status, signal, spawnError } = await child.exited;
  return spawnError?.message ?? `its driver ended the process that tried it (${signal ?? `exit code ${status}`})`;
}
