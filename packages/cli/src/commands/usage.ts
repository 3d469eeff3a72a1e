import type { UsageReport, UsageReportRow, UsageTotal } from '@easel/contract';
import { usageDimensions } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import { Command, Option } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { apiKeyFileOption, type ServerAddressFlags, serverOption } from '../options.ts';
import { formatTable, printJson } from '../text.ts';

type Dimension = (typeof usageDimensions)[number];

interface UsageFlags extends ServerAddressFlags {
  readonly from?: string;
  readonly to?: string;
  readonly by: Dimension[];
  readonly account?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** `easel usage` */
export function usageCommand(run: RunCommand): Command {
  return new Command('usage')
    .description('Print the usage of all accounts of a running server, and what it cost. Needs an admin key.')
    .option(
      '--from <day>',
      'the first day in UTC, such as 2026-01-01 (default: 29 days before the last)',
      day('--from'),
    )
    .option('--to <day>', 'the last day in UTC (default: today)', day('--to'))
    .addOption(new Option('--by <what...>', 'what to add up by').choices(usageDimensions).default(['account']))
    .option('--account <name|id>', 'only this account')
    .addOption(new Option('--csv', 'print CSV').conflicts('json'))
    .addOption(serverOption('http://127.0.0.1:8400 by default'))
    .addOption(apiKeyFileOption('EASEL_ADMIN_KEY'))
    .option('--json', 'print the reply of the server as JSON')
    .action((flags: UsageFlags) => run((context) => printUsage(flags, context)));
}

function day(flag: string): (text: string) => string {
  return (text) => {
    if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
    throw new CodedError('usage', `${flag} must be a day such as 2026-01-31 (got ${JSON.stringify(text)})`);
  };
}

async function printUsage(flags: UsageFlags, context: CommandContext): Promise<ExitStatus> {
  const { connect, findAccount } = await import('../connect.ts');
  const { signal } = context.interruption;
  const { client } = await connect(flags, context, ['EASEL_ADMIN_KEY']);
  const { from, to, account, by } = flags;
  const query = {
    by: [...new Set(by)].join(','),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(account !== undefined && { account_id: (await findAccount(client, account, signal)).id }),
  };
  if (flags.csv) {
    context.stdout.write(await client.admin.usageCsv(query, { signal }));
    return exitStatus.ok;
  }
  const report = await client.admin.usageReport(query, { signal });
  if (flags.json) printJson(context, report);
  else context.stdout.write(formatTable(tableOf(report)));
  return exitStatus.ok;
}

const texts: Readonly<Record<Dimension, (row: UsageReportRow) => string>> = {
  account: ({ account }) => account ?? '',
  key: ({ key, key_id: id }) => `${key} (${id})`,
  day: (row) => row.day ?? '',
  model: ({ model }) => model ?? '',
};

function tableOf({ by, rows, total }: UsageReport): string[][] {
  const sums = ({ jobs, images, cost, refunded }: UsageTotal) => [jobs, images, cost, refunded].map(String);
  return [
    [...by, 'jobs', 'pictures', 'cost', 'refunded'],
    ...rows.map((row) => [...by.map((dimension) => texts[dimension](row)), ...sums(row)]),
    [...by.map((_, index) => (index === 0 ? 'total' : '')), ...sums(total)],
  ];
}
