import type { WebhookDelivery, WebhookEndpoint, WebhookEndpointWithSecret } from '@easel/contract';
import { type WebhookEvent, type WebhookState, webhookEvents, webhookStates } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import { Command, Option } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { apiKeyFileOption, type ServerAddressFlags, serverOption, wholeNumber } from '../options.ts';
import { formatTable, printJson } from '../text.ts';

interface WebhookFlags extends ServerAddressFlags {
  readonly json?: boolean;
}

interface CreateFlags extends WebhookFlags {
  readonly events?: WebhookEvent[];
  readonly includePrompt?: boolean;
}

interface DeliveriesFlags extends WebhookFlags {
  readonly endpoint?: string;
  readonly job?: string;
  readonly status?: WebhookState;
  readonly limit: number;
}

/** `easel webhooks` */
export function webhooksCommand(run: RunCommand): Command {
  const webhooks = new Command('webhooks').description(
    "Manage the addresses that a running server tells of the ends of your key's jobs.",
  );
  const create = withServerOptions(new Command('create'))
    .description('Create an endpoint. Its secret is printed once and cannot be shown again.')
    .argument('<url>', 'where events are sent, an https:// address')
    .addOption(new Option('--events <event...>', 'what it is told of (default: all)').choices(webhookEvents))
    .option('--include-prompt', 'send the prompts of jobs too')
    .action((url: string, flags: CreateFlags) => run((context) => createEndpoint(url, flags, context)));
  const list = withServerOptions(new Command('list'))
    .description('List the endpoints, oldest first.')
    .action((flags: WebhookFlags) => run((context) => listEndpoints(flags, context)));
  const rotate = withServerOptions(new Command('rotate'))
    .description('Replace the secret of an endpoint, and print the new one. For 24 hours the old one signs too.')
    .argument('<id>', 'the id of the endpoint, as `easel webhooks list` shows it', webhookId('<id>'))
    .action((id: string, flags: WebhookFlags) => run((context) => rotateSecret(id, flags, context)));
  const deliveries = withServerOptions(new Command('deliveries'))
    .description('List the latest deliveries, newest first.')
    .option('--endpoint <id>', 'only those to this endpoint', webhookId('--endpoint'))
    .option('--job <id>', 'only those of this job', webhookId('--job'))
    .addOption(new Option('--status <status>', 'only those in this state').choices(webhookStates))
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', 1, 100), 30)
    .action((flags: DeliveriesFlags) => run((context) => listDeliveries(flags, context)));
  const secret = withServerOptions(new Command('secret'))
    .description('Print the secret that signs the events of jobs with a webhook_url.')
    .action((flags: WebhookFlags) => run((context) => printSecret(flags, context)));
  webhooks.addCommand(create).addCommand(list);
  for (const action of endpointActions) webhooks.addCommand(actionCommand(action, run));
  return webhooks.addCommand(rotate).addCommand(deliveries).addCommand(secret);
}

type Connected = Awaited<ReturnType<typeof connectToServer>>;

/** A command that does one thing with one endpoint or delivery. */
interface Action {
  readonly name: string;
  readonly description: string;
  readonly of: 'endpoint' | 'delivery';
  /** @returns what is printed, and with `--json` what is printed of it */
  act(client: Connected, id: string, signal: AbortSignal): Promise<{ readonly reply: unknown; readonly said: string }>;
}

const endpointActions: readonly Action[] = [
  {
    name: 'enable',
    description: 'Send events to an endpoint again.',
    of: 'endpoint',
    async act({ webhooks }, id, signal) {
      const reply = await webhooks.change(id, { enabled: true }, { signal });
      return { reply, said: `Enabled ${reply.url}.` };
    },
  },
  {
    name: 'disable',
    description: 'Send nothing more to an endpoint, until it is enabled.',
    of: 'endpoint',
    async act({ webhooks }, id, signal) {
      const reply = await webhooks.change(id, { enabled: false }, { signal });
      return { reply, said: `Disabled ${reply.url}.` };
    },
  },
  {
    name: 'delete',
    description: 'Delete an endpoint. What is on its way to it is not sent.',
    of: 'endpoint',
    async act({ webhooks }, id, signal) {
      await webhooks.remove(id, { signal });
      return { reply: { id }, said: `Deleted endpoint ${id}.` };
    },
  },
  {
    name: 'test',
    description: 'Send a test event to an endpoint.',
    of: 'endpoint',
    async act({ webhooks }, id, signal) {
      const reply = await webhooks.test(id, { signal });
      return { reply, said: `Sending a test to ${reply.url}; easel webhooks deliveries shows what comes of it.` };
    },
  },
  {
    name: 'resend',
    description: 'Send a delivery again, with the same id.',
    of: 'delivery',
    async act({ webhooks }, id, signal) {
      const reply = await webhooks.resend(id, { signal });
      return { reply, said: `Sending ${reply.event} to ${reply.url} again.` };
    },
  },
];

function actionCommand({ name, description, of, act }: Action, run: RunCommand): Command {
  const source = of === 'endpoint' ? 'easel webhooks list' : 'easel webhooks deliveries';
  return withServerOptions(new Command(name))
    .description(description)
    .argument('<id>', `the id of the ${of}, as \`${source}\` shows it`, webhookId('<id>'))
    .action((id: string, flags: WebhookFlags) =>
      run(async (context) => {
        const { reply, said } = await act(await connectToServer(flags, context), id, context.interruption.signal);
        if (flags.json) printJson(context, reply);
        else context.stderr.write(`${said}\n`);
        return exitStatus.ok;
      }),
    );
}

/** The server would only say that there is no such address. */
function webhookId(name: string): (text: string) => string {
  return (text) => {
    if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text;
    throw new CodedError('usage', `${name} must be an id (got ${JSON.stringify(text)})`, {
      remedy: 'easel webhooks list and easel webhooks deliveries show the ids',
    });
  };
}

function withServerOptions(command: Command): Command {
  return command
    .addOption(serverOption('http://127.0.0.1:8400 by default'))
    .addOption(apiKeyFileOption('EASEL_API_KEY'))
    .option('--json', 'print the reply of the server as JSON');
}

async function connectToServer(flags: WebhookFlags, context: CommandContext) {
  const { connect } = await import('../connect.ts');
  return (await connect(flags, context, ['EASEL_API_KEY'])).client;
}

/** Standard output has the secret and nothing else, so that a script can keep it. */
async function createEndpoint(url: string, flags: CreateFlags, context: CommandContext): Promise<ExitStatus> {
  const { events, includePrompt } = flags;
  const client = await connectToServer(flags, context);
  const body = {
    url,
    ...(events !== undefined && { events }),
    ...(includePrompt !== undefined && { include_prompt: includePrompt }),
  };
  const created = await client.webhooks.create(body, { signal: context.interruption.signal });
  if (flags.json) printJson(context, created);
  else showSecret(created, context);
  return exitStatus.ok;
}

function showSecret({ secret, url, id }: WebhookEndpointWithSecret, { stdout, stderr }: CommandContext): void {
  stdout.write(`${secret}\n`);
  stderr.write(`Created endpoint ${url}, id ${id}.\nSave the secret now: it is not shown again.\n`);
}

async function rotateSecret(id: string, flags: WebhookFlags, context: CommandContext): Promise<ExitStatus> {
  const client = await connectToServer(flags, context);
  const rotated = await client.webhooks.rotateSecret(id, { signal: context.interruption.signal });
  if (flags.json) printJson(context, rotated);
  else {
    context.stdout.write(`${rotated.secret}\n`);
    const until = rotated.old_secret_until ?? 'now';
    context.stderr.write(`Replaced the secret of ${rotated.url}; the old one signs too until ${until}.\n`);
  }
  return exitStatus.ok;
}

async function listEndpoints(flags: WebhookFlags, context: CommandContext): Promise<ExitStatus> {
  const client = await connectToServer(flags, context);
  const { endpoints } = await client.webhooks.list({ signal: context.interruption.signal });
  if (flags.json) printJson(context, endpoints);
  else {
    const rows = endpoints.map((each) => [each.id, each.url, each.events.join(' '), stateOf(each)]);
    context.stdout.write(formatTable([['id', 'url', 'events', 'state'], ...rows]));
  }
  return exitStatus.ok;
}

function stateOf({ enabled, disabled_reason: reason }: WebhookEndpoint): string {
  if (enabled) return 'enabled';
  return reason === null ? 'disabled' : `disabled: ${reason}`;
}

async function listDeliveries(flags: DeliveriesFlags, context: CommandContext): Promise<ExitStatus> {
  const { endpoint, job, status, limit } = flags;
  const client = await connectToServer(flags, context);
  const query = {
    limit,
    ...(endpoint !== undefined && { endpoint_id: endpoint }),
    ...(job !== undefined && { job_id: job }),
    ...(status !== undefined && { status }),
  };
  const { deliveries } = await client.webhooks.deliveries(query, { signal: context.interruption.signal });
  if (flags.json) printJson(context, deliveries);
  else {
    const titles = ['id', 'time', 'event', 'url', 'status', 'attempts', 'last reply'];
    context.stdout.write(formatTable([titles, ...deliveries.map(rowOf)]));
  }
  return exitStatus.ok;
}

function rowOf(delivery: WebhookDelivery): string[] {
  const { id, created_at: time, event, url, status, attempts, last_error: fault, last_status: code } = delivery;
  return [id, time, event, url, status, String(attempts), fault ?? (code === null ? '-' : String(code))];
}

async function printSecret(flags: WebhookFlags, context: CommandContext): Promise<ExitStatus> {
  const client = await connectToServer(flags, context);
  const reply = await client.webhooks.secret({ signal: context.interruption.signal });
  if (flags.json) printJson(context, reply);
  else context.stdout.write(`${reply.secret}\n`);
  return exitStatus.ok;
}
