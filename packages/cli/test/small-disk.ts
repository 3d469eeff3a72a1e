import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** A shell of its own mount namespace in which `disk` is a tmpfs of so many bytes; it lists what is left there at the end. */
export function onSmallDisk(cwd: string, bytes: number): string[] {
  const script =
    'mount -t tmpfs -o size="$1" tmpfs "$2" || exit 99; shift 2; "$@"; status=$?; ls -A disk >&2; exit $status';
  return ['unshare', '--mount', '--map-root-user', 'sh', '-c', script, 'sh', String(bytes), join(cwd, 'disk')];
}

/** Whether tests can mount here. */
export const mayMount =
  process.platform === 'linux' &&
  (() => {
    const script = 'mount -t tmpfs -o size=4096 tmpfs /tmp';
    return spawnSync('unshare', ['--mount', '--map-root-user', 'sh', '-c', script]).status === 0;
  })();
