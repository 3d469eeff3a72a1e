import { Command } from 'commander';
import { type CommandContext, type RunCommand, readVersion } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { formatBytes, printJson } from '../text.ts';

interface DataFlags {
  readonly dataDir?: string;
  readonly config?: string;
  readonly json?: boolean;
}

interface BackupFlags extends DataFlags {
  readonly pictures: boolean;
  readonly overwrite?: boolean;
}

interface RestoreFlags extends DataFlags {
  readonly force?: boolean;
}

/** `easel backup` */
export function backupCommand(run: RunCommand): Command {
  return withDataOptions(new Command('backup'))
    .description('Back up the embedded database, the pictures and the server secret, while servers and workers run.')
    .argument('<file>', 'the archive to write, such as easel.tar.gz')
    .option('--no-pictures', 'leave out the pictures')
    .option('--overwrite', 'replace the file if it exists')
    .action((file: string, flags: BackupFlags) => run((context) => backup(file, flags, context)));
}

/** `easel restore` */
export function restoreCommand(run: RunCommand): Command {
  return withDataOptions(new Command('restore'))
    .description('Put a backup into a data folder that no server uses.')
    .argument('<file>', 'the archive that easel backup wrote')
    .option('--force', 'move what the data folder has aside')
    .action((file: string, flags: RestoreFlags) => run((context) => restore(file, flags, context)));
}

function withDataOptions(command: Command): Command {
  return command
    .option('--data-dir <folder>', 'the data folder of the server')
    .option('--config <file>', 'the settings of the server as JSON')
    .option('--json', 'print the result as JSON');
}

async function readSettings({ config: file, dataDir }: DataFlags, { env }: CommandContext) {
  const { loadConfig } = await import('@easel/server');
  return loadConfig({ file, env, flags: dataDir === undefined ? {} : { dataDir } });
}

async function backup(file: string, flags: BackupFlags, context: CommandContext): Promise<ExitStatus> {
  const { writeBackup } = await import('@easel/server');
  const config = await readSettings(flags, context);
  const result = await writeBackup(file, {
    config,
    version: readVersion(),
    withoutPictures: !flags.pictures,
    overwrite: flags.overwrite ?? false,
    signal: context.interruption.signal,
  });
  if (flags.json) {
    printJson(context, result);
    return exitStatus.ok;
  }
  const { bytes, pictures, hasSecret } = result;
  context.stderr.write(
    `Backed up to ${result.file} (${formatBytes(bytes)}) and read it again: the database, ${describePictures(flags.pictures, pictures)}, ` +
      `${hasSecret ? 'the server secret' : 'no server secret: it is in EASEL_SECRET'}.\n` +
      'Keep the file private: it has everything but the keys themselves.\n',
  );
  return exitStatus.ok;
}

function describePictures(areIncluded: boolean, count: number): string {
  return areIncluded ? `pictures: ${count}` : 'no pictures';
}

async function restore(file: string, flags: RestoreFlags, context: CommandContext): Promise<ExitStatus> {
  const { restoreBackup } = await import('@easel/server');
  const config = await readSettings(flags, context);
  const result = await restoreBackup(file, {
    config,
    force: flags.force ?? false,
    signal: context.interruption.signal,
  });
  if (flags.json) {
    printJson(context, result);
    return exitStatus.ok;
  }
  const { dataDir, before, createdAt, pictures, hasSecret } = result;
  context.stderr.write(
    `Restored the backup of ${createdAt} into ${dataDir}: the database, pictures: ${pictures}, ` +
      `${hasSecret ? 'the server secret' : 'no server secret: set EASEL_SECRET as the server had it'}.\n`,
  );
  if (before !== null)
    context.stderr.write(`What was there before is in ${before}; delete it when you no longer need it.\n`);
  return exitStatus.ok;
}
