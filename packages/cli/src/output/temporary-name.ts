import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

/** A hidden name of its own in `folder`, recognisable should a killed process ever leave it behind. */
export function temporaryName(folder: string): string {
  return join(folder, `.easel-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}
