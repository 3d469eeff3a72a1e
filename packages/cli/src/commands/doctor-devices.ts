import { type DeviceInfo, type DeviceReport, deviceCheckNames, gigaflopsText } from '@easel/engine';
import type { Told } from './doctor-compute.ts';

/** A line for each device that the runtime has on this platform: whether it can be used, how fast it is, or what to do. */
export function tellDevices(reports: readonly DeviceReport[]) {
  const here = reports.filter(({ isSupported }) => isSupported);
  if (here.length === 0)
    return [{ check: 'devices', ok: true, detail: 'the runtime supports only the CPU on this platform' }];
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
    return { check: 'devices', ok: true, detail, ...(!usable && remedy !== undefined && { remedy }), values };
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

/** What `--device auto` takes. */
export function tellAuto({ name, title, reason }: DeviceInfo): Told {
  return {
    detail: `auto takes ${title} (${name})${reason === undefined ? '' : `: ${reason}`}`,
    values: { auto: name },
  };
}
