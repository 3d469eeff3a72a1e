import { createHash } from 'node:crypto';
import path from 'node:path';

/** The port names the socket's file: `.s.PGSQL.5432`. */
export const port = 5432;

/** The path of a Unix socket has room for 107 bytes on Linux and 103 on macOS (unix(7), unix(4)). */
const longestSocketPath = 103;

/** The folder of the server's socket: beside the data, or under /tmp where that path would be too long. */
export function socketFolder(folder: string, uid: number): string {
  const beside = path.join(folder, 'run');
  if (Buffer.byteLength(socketIn(beside)) <= longestSocketPath) return beside;
  // Not os.tmpdir(): TMPDIR may be long too, and differs between the processes that look for the server.
  return `/tmp/easel-${uid}-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
}

export function socketIn(folder: string): string {
  return path.join(folder, `.s.PGSQL.${port}`);
}
