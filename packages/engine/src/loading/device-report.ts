import type { DeviceReport } from '../device-info.ts';
import type { DeviceKind, DeviceName, GraphForm } from '../runtime/devices/device.ts';
import { deviceKinds } from '../runtime/devices/devices.ts';
import { vulkanAdvice } from '../runtime/devices/driver-packages.ts';
import { checkNames, type ProbeFindings, WIDEST_TRIED_HEAD } from '../runtime/devices/probe-steps.ts';

/** What is said of a device that was not tried, or that failed. */
export function unusable(
  name: DeviceName,
  { reason, remedy, checks = [] }: Pick<DeviceReport, 'reason' | 'remedy'> & Partial<Pick<DeviceReport, 'checks'>>,
): DeviceReport {
  const { title, requires } = deviceKinds[name];
  return {
    ...{ name, title, isSupported: true, usable: false, requires, checks },
    ...(reason !== undefined && { reason }),
    remedy: remedy ?? (needsVulkan(name) ? vulkanAdvice() : `it needs ${requires}`),
  };
}

/** Whether a device needs a Vulkan driver, whose packages are called differently everywhere. */
function needsVulkan(name: DeviceName): boolean {
  return name === 'webgpu' && process.platform === 'linux';
}

/**
 * The verdict on a device by what the steps of a probe found, those that were asked for. A check whose name stands for a way to build graphs
 * decides only whether they are built that way; all others must be right.
 */
export function reportOf(name: DeviceName, findings: readonly ProbeFindings[]): DeviceReport {
  const kind = deviceKinds[name];
  const checks = findings.flatMap((found) => found.checks);
  const speed = findings.find((found) => found.speed !== undefined)?.speed;
  const optional = new Set<string>([
    checkNames.attention,
    checkNames.float16,
    ...kind.form.stored.map((type) => checkNames.weights(type)),
  ]);
  const wrong = checks.find((check) => !check.ok && !optional.has(check.name));
  if (wrong !== undefined) {
    const { reason = '', error, name: check } = wrong;
    const starts = checks[0]?.ok === true;
    return {
      ...unusable(name, {
        reason: starts ? `${check}: ${reason}` : plainReason(name, reason),
        ...(starts && {
          remedy: `update the graphics card's driver${error === undefined ? '' : ', which gives wrong results'}`,
        }),
        checks,
      }),
      ...(speed && { speed }),
    };
  }
  const { title, requires } = kind;
  return {
    name,
    title,
    isSupported: true,
    usable: true,
    requires,
    form: formOf(kind, checks),
    checks,
    ...(speed && { speed }),
  };
}

function formOf({ form }: DeviceKind, checks: DeviceReport['checks']): GraphForm {
  const isRight = (name: string) => checks.some((check) => check.name === name && check.ok);
  const fused = { attention: 'fused', widestFusedHead: Math.min(form.widestFusedHead, WIDEST_TRIED_HEAD) } as const;
  return {
    ...form,
    ...(isRight(checkNames.attention) ? fused : { attention: 'plain' }),
    stored: form.stored.filter((type) => type === 'float32' || isRight(checkNames.weights(type))),
  };
}

/** What a runtime says that cannot start a device, in words of its user. */
function plainReason(name: DeviceName, reason: string): string {
  if (/no supported adapters/i.test(reason)) return 'no graphics card with a driver for it was found';
  if (name === 'cuda' && /load(?:ing)? (?:shared )?library/i.test(reason)) return 'its libraries cannot be loaded';
  return reason;
}
