import { homedir } from 'node:os';
import path from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where Easel keeps its data when nobody says otherwise, as an absolute path: `$EASEL_DATA_DIR`, else `/var/lib/easel` for root (the
 * account that PostgreSQL then runs as cannot enter root's home), else `$XDG_DATA_HOME/easel` or `~/.local/share/easel`.
 *
 * @example defaultDataDir(process.env)
 */
export function defaultDataDir(env: Environment, uid: number | undefined = process.getuid?.()): string {
  if (env.EASEL_DATA_DIR) return path.resolve(env.EASEL_DATA_DIR);
  if (uid === 0) return '/var/lib/easel';
  // "If an implementation encounters a relative path … it should consider the path invalid and ignore it" (XDG Base Directory).
  if (env.XDG_DATA_HOME && path.isAbsolute(env.XDG_DATA_HOME)) return path.join(env.XDG_DATA_HOME, 'easel');
  return path.join(env.HOME || homedir(), '.local', 'share', 'easel');
}
