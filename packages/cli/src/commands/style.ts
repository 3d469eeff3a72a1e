import { builtInStyles, type Style } from '@easel/contract/fields';
import { Command } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { apiKeyFileOption, type ServerAddressFlags, serverOption } from '../options.ts';
import { formatTable, printJson } from '../text.ts';

interface StyleFlags extends ServerAddressFlags {
  readonly json?: boolean;
}

interface AddStyleFlags extends StyleFlags {
  readonly prompt: string;
  readonly negativePrompt?: string;
}

/** `easel style` */
export function styleCommand(run: RunCommand): Command {
  const style = new Command('style').description('List styles for `easel generate --style`, and save your own.');
  const list = withServerOptions(new Command('list'))
    .description("List Easel's own styles, then yours.")
    .option('--json', 'print the styles as JSON')
    .action((flags: StyleFlags) => run((context) => listStyles(flags, context)));
  const add = withServerOptions(new Command('add'))
    .description('Save a style; one of yours of the same name is replaced.')
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .requiredOption('--prompt <text>', 'with {prompt} where the prompt goes')
    .option('--negative-prompt <text>', 'added to the negative prompt')
    .action((name: string, flags: AddStyleFlags) => run((context) => addStyle(name, flags, context)));
  const remove = withServerOptions(new Command('remove'))
    .description('Remove a style of yours.')
    .argument('<name>', 'its name')
    .action((name: string, flags: StyleFlags) => run((context) => dropStyle(name, flags, context)));
  return style.addCommand(list).addCommand(add).addCommand(remove);
}

function withServerOptions(command: Command): Command {
  return command
    .addOption(serverOption('the styles of its key instead of those on this machine'))
    .addOption(apiKeyFileOption('EASEL_API_KEY'));
}

async function listStyles(flags: StyleFlags, context: CommandContext): Promise<ExitStatus> {
  const styles = await readStyles(flags, context);
  if (flags.json) {
    printJson(context, styles);
    return exitStatus.ok;
  }
  const rows = styles.map(({ name, prompt, isOwn }) => [name, isOwn ? 'own' : '', prompt]);
  context.stdout.write(formatTable([['NAME', '', 'PROMPT'], ...rows]));
  return exitStatus.ok;
}

async function readStyles(
  flags: StyleFlags,
  context: CommandContext,
): Promise<readonly (Style & { readonly isOwn: boolean })[]> {
  if (flags.server === undefined) {
    const { readOwnStyles } = await import('../styles.ts');
    const own = await readOwnStyles(context.env);
    const told = (styles: readonly Style[], isOwn: boolean) => styles.map((each) => ({ ...each, isOwn }));
    return [...told(builtInStyles, false), ...told(own, true)];
  }
  const client = await clientOf(flags, context);
  const { styles } = await client.styles.list({ signal: context.interruption.signal });
  return styles.map(({ negative_prompt: negativePrompt, is_own: isOwn, ...style }) => ({
    ...style,
    negativePrompt,
    isOwn,
  }));
}

async function addStyle(name: string, flags: AddStyleFlags, context: CommandContext): Promise<ExitStatus> {
  const { prompt, negativePrompt } = flags;
  if (flags.server === undefined) {
    const { saveStyle } = await import('../styles.ts');
    await saveStyle({ name, prompt, ...(negativePrompt !== undefined && { negativePrompt }) }, context.env);
    return exitStatus.ok;
  }
  const client = await clientOf(flags, context);
  const body = { prompt, ...(negativePrompt !== undefined && { negative_prompt: negativePrompt }) };
  await client.styles.save(name, body, { signal: context.interruption.signal });
  return exitStatus.ok;
}

async function dropStyle(name: string, flags: StyleFlags, context: CommandContext): Promise<ExitStatus> {
  if (flags.server === undefined) {
    const { removeStyle } = await import('../styles.ts');
    await removeStyle(name, context.env);
    return exitStatus.ok;
  }
  const client = await clientOf(flags, context);
  await client.styles.remove(name, { signal: context.interruption.signal });
  return exitStatus.ok;
}

async function clientOf(flags: StyleFlags, context: CommandContext) {
  const { connect } = await import('../connect.ts');
  return (await connect(flags, context, ['EASEL_API_KEY'])).client;
}
