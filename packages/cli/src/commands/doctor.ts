import { cpus, loadavg } from 'node:os';
import type { DeviceInfo, MemoryEstimate, PictureEstimate, PrecisionSpeeds } from '@easel/engine';
import { Command } from 'commander';
import { type CommandContext, type RunCommand, readVersion } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { printJson } from '../text.ts';
import { otherLoad, recommendProfile, tellCores, tellEstimate, tellFeatures, tellSpeeds } from './doctor-compute.ts';
import { checkEngine, engineRemedy, isEngineError } from './doctor-engine.ts';
import { type Finding, failWith, renderFinding, told } from './doctor-finding.ts';
import { checkCache, checkDisk, checkMemory, checkNode, checkOutput } from './doctor-machine.ts';
import { tellCards, tellModelMemory } from './doctor-memory.ts';
import { type MeasuredPicture, type ModelToMeasure, measureModel } from './doctor-pass.ts';

interface DoctorFlags {
  readonly model?: string;
  readonly measure: boolean;
  readonly json?: boolean;
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
    ...(await checkMemorySetting(env)),
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
  const memory = model === undefined || compute.estimate === undefined ? undefined : await checkModelMemory(model, env);
  if (memory !== undefined) report(...memory.findings);
  const { estimate, speeds, gain } = compute;
  let measured: MeasuredPicture | undefined;
  if (model !== undefined && estimate !== undefined && flags.measure) {
    const own = await checkPass({ model, native: estimate, speeds, memory: memory?.estimate, load }, flags, context);
    report(...own.findings);
    measured = own.measured;
  }
  if (gain !== undefined)
    report(
      told('profile', recommendProfile(measured?.gain ?? gainOf(estimate) ?? gain, measured ?? estimate, devices.used)),
    );
  interruption.signal.throwIfAborted();
  report(...(await checkEngine(env, interruption.signal)));
  interruption.signal.throwIfAborted();
  const ok = findings.every((finding) => finding.ok);
  if (flags.json) printJson({ stdout }, { ok, version: readVersion(), findings, devices: devices.reports });
  return ok ? exitStatus.ok : exitStatus.failed;
}

/** Of int8, as it is estimated for the user's model: less than for large products alone. */
function gainOf(estimate: PictureEstimate | undefined): number | undefined {
  return estimate && estimate.seconds.exact / estimate.seconds.int8;
}

/** Tries every device that may be here. What is missing is no problem, unless EASEL_DEVICE names it: there is the CPU. */
async function checkDevices(flags: DoctorFlags, context: CommandContext) {
  const { deviceSettings, usualDevice } = await import('@easel/engine');
  const { tellDevice, tellDevices, tryDevices } = await import('./doctor-devices.ts');
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
    const gain = await engine.int8Gain(speeds);
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

/** Every command that draws reads it. */
async function checkMemorySetting({ EASEL_MEMORY: text }: CommandContext['env']): Promise<Finding[]> {
  const { readMemory } = await import('../generate/here.ts');
  try {
    readMemory('EASEL_MEMORY', text);
    return [];
  } catch (error) {
    return [failWith('setting', error, 'set EASEL_MEMORY to auto, small, normal, large or gigabytes such as 8')];
  }
}

/** One that cannot be estimated, and a setting that is not valid, are reported elsewhere. */
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
    if (!isEngineError(error)) throw error;
    return { findings: [] };
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
