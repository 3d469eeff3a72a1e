import { Command } from 'commander';

export interface DoctorFlags {
  readonly json?: boolean;
}

export type DoctorAction = (flags: DoctorFlags) => Promise<void>;

/** `easel doctor` */
export function doctorCommand(action: DoctorAction): Command {
  return new Command('doctor')
    .description('Check that this machine can make pictures, by making a small one.')
    .option('--json', 'print the findings as JSON')
    .action((flags: DoctorFlags) => action(flags));
}
