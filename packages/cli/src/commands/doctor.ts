import { statfsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import type {
  DeviceInfo,
  EngineError,
  EngineHost,
  GeneratedImage,
  MemoryEstimate,
  PictureEstimate,
  PrecisionSpeeds,
} from '@easel/engine';
import { messageOf } from '@easel/errors';
import { Command } from 'commander';
import { type CommandContext, type RunCommand, readVersion } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { checkFolder, createFolder } from '../output/folder.ts';
import { formatDuration, printJson } from '../text.ts';
import {
  otherLoad,
  recommendProfile,
  type Told,
  tellCores,
  tellEstimate,
  tellFeatures,
  tellSpeeds,
} from './doctor-compute.ts';
import { tellDevice, tellDevices, tryDevices } from './doctor-devices.ts';
import { tellCards, tellModelMemory } from './doctor-memory.ts';
import { type MeasuredPicture, type ModelToMeasure, measureModel } from './doctor-pass.ts';

const GIB = 2 ** 30;
/** The embedded model and its process take about half of this. */
const MIN_FREE_MEMORY = 0.5 * GIB;
const MIN_FREE_DISK = 0.1 * GIB;
/** Few: the picture need not be good. */
const STEPS = 4;

interface DoctorFlags {
  readonly model?: string;
  readonly measure: boolean;
  readonly json?: boolean;
}

/** The result of one check. */
interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What was found, in words. */
  readonly detail: string;
  /** It tells of something that is not there or cannot be used, which is no problem. */
  readonly absent?: true;
  /** What to do about a problem. */
  readonly remedy?: string;
  /** What was found, for programs: bytes, milliseconds, counts, names. */
  readonly values?: Readonly<Record<string, number | string>>;
}

/** `easel doctor` */
export function doctorCommand(run: RunCommand): Command {
  return new Command('doctor')
    .description('Check your setup, and make a small picture to prove it.')
    .option(
      '-m, --model <name|path>',
      'measure how long a picture of this model takes here, and tell how much memory it needs',
    )
    .option('--no-measure', 'do not load the model, only estimate')
    .option('--json', 'print the findings as JSON')
    .action((flags: DoctorFlags) => run((context) => runDoctor(flags, context)));
}

async function runDoctor(flags: DoctorFlags, context: CommandContext): Promise<ExitStatus> {
  const { env, stdout, interruption } = context;
  const { defaultCacheFolder, engineThreads, findCards, machineMemory, readProcessors } = await import('@easel/engine');
  const load = otherLoad(loadavg()[0], readProcessors()); // before this command adds its own
  const findings: Finding[] = [];
  const report = (...found: Finding[]) => {
    findings.push(...found);
    if (!flags.json) stdout.write(found.map(renderFinding).join(''));
  };
  const here = process.cwd();
  report(
    checkNode(),
    told('cores', tellCores(readProcessors(), engineThreads(), cpus()[0]?.model.trim() || 'unknown processor')),
    checkMemory(machineMemory()),
    checkDisk(here),
    checkOutput(here),
    checkCache(defaultCacheFolder(env)),
    told('cards', tellCards(await findCards(interruption.signal))),
  );
  const devices = await checkDevices(flags, context);
  report(...devices.findings);
  const compute = await checkCompute(flags.model, { ...devices, load }, env);
  report(...compute.findings);
  const { model } = flags;
  const memory = model === undefined ? undefined : await checkModelMemory(model, env);
  if (memory !== undefined) report(...memory.findings);
  const { estimate, speeds, gain } = compute;
  let measured: MeasuredPicture | undefined;
  if (model !== undefined && estimate !== undefined && flags.measure) {
    const own = await checkPass({ model, native: estimate, speeds, memory: memory?.estimate, load }, flags, context);
    report(...own.findings);
    measured = own.measured;
  }
  if (gain !== undefined)
    report(told('profile', recommendProfile(measured?.gain ?? gain, measured ?? estimate, devices.used)));
  interruption.signal.throwIfAborted();
  report(...(await checkEngine(env, interruption.signal)));
  interruption.signal.throwIfAborted();
  const ok = findings.every((finding) => finding.ok);
  if (flags.json) printJson({ stdout }, { ok, version: readVersion(), findings, devices: devices.reports });
  return ok ? exitStatus.ok : exitStatus.failed;
}

function pass(check: string, detail: string, values?: Finding['values']): Finding {
  return { check, ok: true, detail, ...(values !== undefined && { values }) };
}

function fail(check: string, detail: string, remedy: string, values?: Finding['values']): Finding {
  return { check, ok: false, detail, remedy, ...(values !== undefined && { values }) };
}

function told(check: string, { detail, values, absent }: Told): Finding {
  return { ...pass(check, detail, values), ...(absent && { absent }) };
}

function failWith(check: string, thrown: unknown, remedy: string): Finding {
  return fail(check, messageOf(thrown), remedy);
}

function renderFinding({ check, ok, absent, detail, remedy }: Finding): string {
  const line = `${absent ? '–' : ok ? '✓' : '✗'} ${check.padEnd(8)} ${detail}\n`;
  return remedy === undefined ? line : `${line}           ${remedy}\n`;
}

function checkNode(): Finding {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const detail = `${process.version}, ${process.platform} ${process.arch}`;
  if (major >= 24) return pass('node', detail);
  return fail('node', detail, 'Node.js 24 or newer is required');
}

/** In a container: free below its limit, and the limit. */
function checkMemory(totalBytes: number): Finding {
  const values = { freeBytes: process.availableMemory(), totalBytes };
  const detail = `${gigabytes(values.freeBytes)} free of ${gigabytes(values.totalBytes)}`;
  if (values.freeBytes >= MIN_FREE_MEMORY) return pass('memory', detail, values);
  return fail('memory', detail, `at least ${gigabytes(MIN_FREE_MEMORY)} should be free: close other programs`, values);
}

/** Free space in the file system of `folder`. */
function checkDisk(folder: string): Finding {
  try {
    const { bavail, bsize } = statfsSync(folder);
    const values = { freeBytes: bavail * bsize };
    const detail = `${gigabytes(values.freeBytes)} free in ${folder}`;
    return values.freeBytes >= MIN_FREE_DISK
      ? pass('disk', detail, values)
      : fail('disk', detail, 'free some space, or use a folder on another disk', values);
  } catch (error) {
    return failWith('disk', error, `check that ${folder} still exists`);
  }
}

function checkOutput(folder: string): Finding {
  try {
    checkFolder(folder);
    return pass('output', `${folder} is writable`);
  } catch (error) {
    return failWith(
      'output',
      error,
      'pictures are saved in the current folder by default; choose another with --output',
    );
  }
}

function checkCache(folder: string): Finding {
  try {
    createFolder(folder);
    checkFolder(folder);
    return pass('cache', `${folder} is writable`);
  } catch (error) {
    return failWith('cache', error, 'set XDG_CACHE_HOME to a writable folder');
  }
}

/** Tries every device that may be here. What is missing is no problem, unless EASEL_DEVICE names it: there is the CPU. */
async function checkDevices(flags: DoctorFlags, context: CommandContext) {
  const { deviceSettings, usualDevice } = await import('@easel/engine');
  const reports = await tryDevices(flags, context);
  const findings = tellDevices(reports);
  try {
    const { device: setting } = deviceSettings({}, context.env);
    const used = await usualDevice(reports);
    return { reports, used, findings: [...findings, told('device', tellDevice(setting, used))] };
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return { reports, used: undefined, findings: [...findings, failWith('device', error, error.remedy)] };
  }
}

interface Conditions {
  /** The device that pictures are made on; undefined: it cannot be used. */
  readonly used: DeviceInfo | undefined;
  /** Of other programs, where it matters. */
  readonly load: number | undefined;
}

interface Compute {
  readonly findings: readonly Finding[];
  readonly speeds?: PrecisionSpeeds;
  /** Of int8. */
  readonly gain?: number;
  /** Of the user's model. */
  readonly estimate?: PictureEstimate;
}

/**
 * What the processor has, and what each precision gains on it.
 *
 * @param model of the user's
 */
async function checkCompute(
  model: string | undefined,
  { used, load }: Conditions,
  env: CommandContext['env'],
): Promise<Compute> {
  try {
    const engine = await import('@easel/engine');
    const speeds = await engine.measurePrecisions();
    const gain = engine.int8Gain(speeds);
    const findings = [told('features', tellFeatures(engine)), told('compute', tellSpeeds(speeds, gain, load))];
    if (model === undefined) return { findings, speeds, gain };
    const { resolveModel } = await import('@easel/models');
    try {
      const estimate = await engine.estimatePicture(resolveModel(model, env), speeds);
      const all = [...findings, told('estimate', tellEstimate(model, estimate, used, load))];
      return { findings: all, speeds, gain, estimate };
    } catch (error) {
      return { findings: [...findings, failWith('estimate', error, `easel model inspect ${model} shows more`)] };
    }
  } catch (error) {
    return { findings: [failWith('compute', error, engineRemedy(error))] };
  }
}

/** A model that cannot be estimated is reported by `checkCompute`. */
async function checkModelMemory(
  model: string,
  env: CommandContext['env'],
): Promise<{ readonly findings: readonly Finding[]; readonly estimate?: MemoryEstimate }> {
  const [{ estimateMemory, parseMemory }, { resolveModel }] = await Promise.all([
    import('@easel/engine'),
    import('@easel/models'),
  ]);
  try {
    const setting = parseMemory(env.EASEL_MEMORY || 'auto');
    const estimate = await estimateMemory(resolveModel(model, env), setting);
    return { findings: [tellModelMemory(estimate)], estimate };
  } catch (error) {
    if (isEngineError(error) && error.kind === 'model') return { findings: [] };
    const remedy = 'set EASEL_MEMORY to auto, small, normal, large or gigabytes such as 8';
    return { findings: [failWith('needs', error, remedy)] };
  }
}

/** A model that does not load is a problem. */
async function checkPass(
  model: ModelToMeasure,
  flags: DoctorFlags,
  context: CommandContext,
): Promise<{ readonly findings: readonly Finding[]; readonly measured?: MeasuredPicture | undefined }> {
  try {
    const measured = await measureModel(model, flags, context);
    if (measured === undefined) return { findings: [] }; // `needs` says that no memory suffices
    return { findings: [told('measured', measured.times), told('faster', measured.faster)], measured };
  } catch (error) {
    context.interruption.signal.throwIfAborted();
    return { findings: [failWith('measured', error, isEngineError(error) ? error.remedy : engineRemedy(error))] };
  }
}

/** Starts the engine's process with the embedded model and makes a picture. */
async function checkEngine(env: CommandContext['env'], signal: AbortSignal): Promise<Finding[]> {
  const [{ createEngineHost }, { resolveModel }] = await Promise.all([
    import('@easel/engine'),
    import('@easel/models'),
  ]);
  const began = performance.now();
  let host: EngineHost;
  try {
    host = await createEngineHost({ model: resolveModel('demo', env), signal });
  } catch (error) {
    return [failWith('engine', error, engineRemedy(error))];
  }
  const stop = () => void host.close();
  signal.addEventListener('abort', stop);
  try {
    const readyMs = Math.round(performance.now() - began);
    const detail = `ready in ${formatDuration(readyMs)} with the embedded model (${host.info.family})`;
    return [pass('engine', detail, { readyMs }), await checkPicture(host, signal)];
  } finally {
    signal.removeEventListener('abort', stop);
    await host.close();
  }
}

async function checkPicture(host: EngineHost, signal: AbortSignal): Promise<Finding> {
  const began = performance.now();
  const request = { prompt: 'a red apple on a blue background', seed: 1, steps: STEPS };
  try {
    const { images, used } = await host.generate(request, { signal });
    const { width, height } = used;
    const values = { width, height, steps: used.steps, pictureMs: Math.round(performance.now() - began) };
    const detail = `${width}×${height}, ${used.steps} steps, ${formatDuration(values.pictureMs)}`;
    return images.every(hasContrast)
      ? pass('picture', detail, values)
      : fail('picture', `${detail}, but it is blank`, 'the installation may be damaged: reinstall Easel', values);
  } catch (error) {
    return failWith('picture', error, engineRemedy(error));
  }
}

/** A broken computation produces a picture of one colour. */
function hasContrast({ data }: GeneratedImage): boolean {
  let [darkest, lightest] = [255, 0];
  for (const value of data) {
    darkest = Math.min(darkest, value);
    lightest = Math.max(lightest, value);
  }
  return lightest - darkest > 32;
}

function engineRemedy(thrown: unknown): string {
  if (isEngineError(thrown) && (thrown.code === 'device_unavailable' || thrown.kind === 'invalid'))
    return thrown.remedy;
  return isEngineError(thrown) && thrown.kind === 'model'
    ? 'the embedded model is incomplete or damaged: reinstall Easel'
    : 'the inference runtime does not work here: EASEL_DEBUG=1 shows more';
}

/** By its name: `instanceof` would load the engine at every start of the command. */
function isEngineError(thrown: unknown): thrown is EngineError {
  return thrown instanceof Error && thrown.name === 'EngineError' && 'kind' in thrown;
}

function gigabytes(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
