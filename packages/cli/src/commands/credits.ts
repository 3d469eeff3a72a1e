import { limits } from '@easel/contract/fields';
import { Command } from 'commander';
import { number } from '../arguments/number-argument.ts';
import { apiKeyFileOption, type ServerAddressFlags, serverOption } from './server-options.ts';

export interface GrantCreditsFlags extends ServerAddressFlags {
  readonly account: string;
  readonly reason?: string;
  readonly note?: string;
  readonly json?: boolean;
}

export interface ShowCreditsFlags extends ServerAddressFlags {
  readonly account?: string;
  readonly json?: boolean;
}

export type GrantCreditsAction = (amount: number, flags: GrantCreditsFlags) => Promise<void>;
export type ShowCreditsAction = (flags: ShowCreditsFlags) => Promise<void>;

export interface CreditsActions {
  readonly grantCredits: GrantCreditsAction;
  readonly showCredits: ShowCreditsAction;
}

/** `easel credits` */
export function creditsCommand({ grantCredits, showCredits }: CreditsActions): Command {
  const credits = new Command('credits').description('Give and show the credits of accounts on a running server.');
  const grant = new Command('grant')
    .description('Give credits to an account, or take some back, with an admin key.')
    .argument(
      '<amount>',
      'at most six decimal places; negative: taken back, with --reason',
      number('<amount>', -limits.credits.max, limits.credits.max),
    )
    .requiredOption('--account <name|id>', 'who gets them')
    .option('--reason <text>', 'what it is for; it is in the ledger')
    .option('--note <text>', 'the same as --reason')
    .addOption(serverOption('http://127.0.0.1:8400 unless given'))
    .addOption(apiKeyFileOption('EASEL_ADMIN_KEY'))
    .option('--json', 'print the reply of the server')
    .action((amount: number, flags: GrantCreditsFlags) => grantCredits(amount, flags));
  const show = new Command('show')
    .description("Show the credits of the key's own account, or with an admin key those of another.")
    .option('--account <name|id>', 'whose; needs an admin key')
    .addOption(serverOption('http://127.0.0.1:8400 unless given'))
    .addOption(apiKeyFileOption('EASEL_API_KEY; with --account EASEL_ADMIN_KEY'))
    .option('--json', 'print the reply of the server')
    .action((flags: ShowCreditsFlags) => showCredits(flags));
  return credits.addCommand(grant).addCommand(show);
}
