import { Option } from 'commander';

/** The options of everything that talks to a running server. */
export interface ServerAddressFlags {
  readonly server?: string;
  readonly apiKeyFile?: string;
}

export function serverOption(what: string): Option {
  return new Option('--server <url>', `the address of an Easel server: ${what}`);
}

/** There is no option for the key itself: a command line is visible to everyone on the machine. */
export function apiKeyFileOption(variable: string): Option {
  return new Option('--api-key-file <file>', `a file with the key (default: the variable ${variable})`);
}
