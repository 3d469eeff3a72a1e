import type { CliContext } from '../cli-context.ts';
import type { KeysFlags } from '../commands/keys.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { connect } from '../remote/connect.ts';
import { printJson } from '../remote/print-json.ts';

/** `easel keys revoke` */
export async function revokeKey(
  id: string,
  flags: KeysFlags,
  context: CliContext,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const { client } = await connect(flags, context, ['EASEL_ADMIN_KEY']);
  const key = await client.admin.revokeKey(id, { signal });
  if (flags.json) printJson(context, key);
  else context.stderr.write(`${key.name} (…${key.hint}) is revoked.\n`);
  return exitStatus.ok;
}
