import { type DeviceInfo, type DeviceReport, type DeviceSetting, deviceCheckNames, gigaflopsText } from '@easel/engine';
import type { CommandContext } from '../cli-context.ts';
import { showProgress } from '../progress.ts';
import type { Told } from './doctor-compute.ts';

/** A line for each device that the runtime has on this platform: whether it can be used, how fast it is, or what to do. */
export function tellDevices(reports: readonly DeviceReport[]) {
  const here = reports.filter(({ isSupported }) => isSupported);
  if (here.length === 0)
    return [
      {
        check: 'devices',
        ok: true,
        absent: true as const,
        detail: 'the runtime supports only the CPU on this platform',
      },
    ];
  return here.map((report) => {
    const { name, title, usable, reason = 'it cannot be used', remedy, speed } = report;
    const values = {
      name,
      usable: usable ? 'yes' : 'no',
      ...(speed && { gigaflops: Math.round(speed.device), cpuGigaflops: Math.round(speed.cpu) }),
    };
    const detail = usable
      ? `${title} (${name}) can be used: ${abilities(report).join('; ')}`
      : `${title} (${name}): ${reason}`;
    const missing = { absent: true, ...(remedy !== undefined && { remedy }) } as const;
    return { check: 'devices', ok: true, detail, ...(!usable && missing), values };
  });
}

function abilities({ speed, form, checks }: DeviceReport): string[] {
  const half = checks.find(({ name }) => name === deviceCheckNames.float16);
  return [
    ...(speed ? [`${gigaflopsText(speed.device)}, the CPU ${gigaflopsText(speed.cpu)}`] : []),
    form?.stored.includes('float16')
      ? 'weights in half precision'
      : 'weights in float32 only, which takes twice the memory',
    form?.attention === 'fused' ? 'fused attention' : 'plain attention',
    half?.ok ? `float16 is off by ${((half.error ?? 0) * 100).toPrecision(1)} %` : 'no float16 arithmetic',
  ];
}

/** What pictures are made on. @param setting that of EASEL_DEVICE, or auto */
export function tellDevice(setting: DeviceSetting, { name, title, reason }: DeviceInfo): Told {
  const chosen = setting === 'auto' ? 'auto takes' : `EASEL_DEVICE is ${setting}:`;
  return {
    detail: `${chosen} ${title} (${name})${reason === undefined ? '' : `: ${reason}`}`,
    values: { setting, device: name },
  };
}

/** Tries every device of this machine, and shows which is being tried. */
export async function tryDevices(
  flags: { readonly json?: boolean },
  context: CommandContext,
): Promise<readonly DeviceReport[]> {
  const { probeDevices } = await import('@easel/engine');
  const progress = showProgress(flags, context);
  try {
    const { signal } = context.interruption;
    return await probeDevices({ signal, onTrying: (title) => progress.begin(`trying ${title} …`) });
  } finally {
    progress.end();
  }
}
