import type { DeviceInfo, PictureEstimate, PrecisionSpeeds, Processors } from '@easel/engine';
import { formatDuration } from '../text.ts';

type Engine = typeof import('@easel/engine');

/** A check's text, and what was measured. */
export interface Told {
  readonly detail: string;
  /** It is not there, which is no problem. */
  readonly absent?: true;
  readonly values?: Readonly<Record<string, number | string>>;
}

/** A whole picture gains less than its layers: below this gain the exact picture is the better choice. */
const WORTHWHILE_GAIN = 1.3;
/** A picture that takes longer than this in `int8` is worth fewer passes. */
const LONG_SECONDS = 300;

export type ProfileName = keyof PictureEstimate['seconds'];

/** How many cores and how much of their time the engine may use, and the threads that it chooses for that. */
export function tellCores({ cores, quota }: Processors, threads: number, model: string): Told {
  const limited = quota !== undefined && quota < cores ? `, of which a quota allows ${quota.toFixed(2)}` : '';
  const detail = `${cores} × ${model}${limited}; the engine uses ${threads} thread${threads === 1 ? '' : 's'}`;
  return { detail, values: { cores, threads, ...(quota !== undefined && { quota }) } };
}

/** Which of the processor's instructions the runtime uses for what, and which it does not. */
export function tellFeatures({ processorFeatures, featuresInUse }: Engine): Told {
  const features = processorFeatures();
  if (features === undefined) {
    return { absent: true, detail: 'the system does not say which instructions the processor has' };
  }
  const present = [...features].flatMap(([name, has]) => (has ? [name] : []));
  const { exact, int8, unused } = featuresInUse(features);
  const used = `float32 uses ${exact ?? 'SSE'}, int8 uses ${int8 ?? 'SSE'}`;
  const reason = `not used: ${unused.join(', ')}, for which the runtime has no kernels on the CPU`;
  return {
    detail: unused.length === 0 ? used : `${used}; ${reason}`,
    values: {
      present: present.join(', '),
      exact: exact ?? '',
      int8: int8 ?? '',
      unused: unused.join(', '),
    },
  };
}

/** The measured speeds. */
export function tellSpeeds({ exact, int8 }: PrecisionSpeeds, gain: number, load?: number): Told {
  const speeds = `linear layers ${Math.round(exact.linear)} GFLOP/s in exact and ${Math.round(int8.linear)} in int8`;
  const convolutions = `convolutions ${Math.round(exact.conv)} and ${Math.round(int8.conv)}`;
  return {
    detail: `on the CPU a pass of SDXL is ${gain.toFixed(1)} × as fast in int8 as in exact; ${speeds}, ${convolutions}${busyText(load)}`,
    values: {
      gain: Number(gain.toFixed(2)),
      exactGigaflops: Math.round(exact.linear),
      int8Gigaflops: Math.round(int8.linear),
      exactConvGigaflops: Math.round(exact.conv),
      int8ConvGigaflops: Math.round(int8.conv),
      attentionGigaflops: Math.round(exact.attention),
      ...(load !== undefined && { load }),
    },
  };
}

/**
 * The profile to use here, with the reason.
 *
 * @param gain of int8 on the CPU
 * @param estimate of the user's model on the CPU, or what was measured; undefined: none was named
 * @param device that pictures are made on; undefined: the one that is named cannot be used, so the CPU has to be named
 */
export function recommendProfile(
  gain: number,
  estimate: Partial<Pick<PictureEstimate, 'seconds'>> | undefined,
  device: DeviceInfo | undefined,
): Told {
  const options = device === undefined ? '--device cpu --profile' : '--profile';
  const recommend = (profile: ProfileName, reason: string): Told => {
    return { detail: `${options} ${profile} is recommended: ${reason}`, values: { recommended: profile } };
  };
  if (isCard(device)) {
    const reason = `on ${device.title} (${device.name}) there is no int8, which runs on the CPU only`;
    return recommend('exact', `${reason}; fast saves passes, and changes the picture`);
  }
  const times = `int8 is only ${gain.toFixed(1)} × as fast here`;
  if (gain < WORTHWHILE_GAIN) return recommend('exact', `${times}, too little for a slightly different picture`);
  const gained = `${gain.toFixed(1)} × as fast as exact here, and the picture is nearly the same`;
  if (estimate?.seconds === undefined)
    return recommend('int8', `${gained}; fast saves passes, too, and changes the picture`);
  const { int8, fast } = estimate.seconds;
  if (int8 <= LONG_SECONDS) return recommend('int8', gained);
  const durations = `a picture takes about ${duration(int8)} in int8 and ${duration(fast)} in fast`;
  return recommend('fast', `${durations}; where it must be closer to the exact one, use int8`);
}

function isCard(device: DeviceInfo | undefined): device is DeviceInfo {
  return device !== undefined && device.name !== 'cpu';
}

/** From this part of the processors on, other programs make measured speeds too low. */
const BUSY_SHARE = 0.25;

/**
 * How many processors other programs keep busy, if that is enough to make what is measured wrong.
 *
 * @param average the system's load average over the last minute; 0: it tells none (Windows)
 */
export function otherLoad(average = 0, { cores, quota = cores }: Processors): number | undefined {
  return average >= BUSY_SHARE * Math.min(cores, quota) ? average : undefined;
}

/** A remark on what was measured. */
export function busyText(load: number | undefined): string {
  return load === undefined
    ? ''
    : `; the machine was busy (load ${load.toFixed(1)}), so it is faster than this: run doctor again when it is idle`;
}

/** How long a picture of the user's model would take on the CPU. @param device that pictures are made on */
export function tellEstimate(
  model: string,
  { width, height, steps, seconds }: Omit<PictureEstimate, 'parts'>,
  device: DeviceInfo | undefined,
  load?: number,
): Told {
  const { exact, int8, fast } = seconds;
  const other = isCard(device)
    ? `; pictures are made on ${device.title} (${device.name}), whose time is not estimated`
    : '';
  const times = `exact ${duration(exact)}, int8 ${duration(int8)}, fast ${duration(fast)} or less`;
  return {
    detail: `${model}, ${width}×${height}, ${steps} steps, on the CPU: about ${times} (from the arithmetic of its networks and the measured speeds)${busyText(load)}${other}`,
    values: {
      ...{ width, height, steps },
      ...{ exactMs: milliseconds(exact), int8Ms: milliseconds(int8), fastMs: milliseconds(fast) },
      ...(load !== undefined && { load }),
    },
  };
}

function duration(seconds: number): string {
  return formatDuration(milliseconds(seconds));
}

function milliseconds(seconds: number): number {
  return Math.round(1000 * seconds);
}
