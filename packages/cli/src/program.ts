import { Command } from 'commander';
import { type CompletionAction, completionCommand } from './commands/completion.ts';
import { creditsCommand, type GrantCreditsAction, type ShowCreditsAction } from './commands/credits.ts';
import { type DoctorAction, doctorCommand } from './commands/doctor.ts';
import { type GenerateAction, generateCommand } from './commands/generate.ts';
import { type CreateKeyAction, keysCommand, type ListKeysAction, type RevokeKeyAction } from './commands/keys.ts';
import { type InspectAction, inspectCommand } from './commands/model-inspect.ts';
import {
  type ConfigAction,
  configCommand,
  type ServeAction,
  serveCommand,
  type WorkerAction,
  workerCommand,
} from './commands/serve.ts';
import { readVersion } from './version.ts';

export interface Actions {
  readonly generate: GenerateAction;
  readonly inspect: InspectAction;
  readonly doctor: DoctorAction;
  readonly serve: ServeAction;
  readonly worker: WorkerAction;
  readonly config: ConfigAction;
  readonly createKey: CreateKeyAction;
  readonly listKeys: ListKeysAction;
  readonly revokeKey: RevokeKeyAction;
  readonly grantCredits: GrantCreditsAction;
  readonly showCredits: ShowCreditsAction;
  readonly completion: CompletionAction;
}

/** The whole command line. Parsing it never ends the process: what is wrong is thrown. */
export function easelProgram(actions: Actions): Command {
  const program = new Command('easel')
    .description('Makes pictures from text on your own machine.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false);
  const model = new Command('model').description('Look at models.');
  model.addCommand(inspectCommand(actions.inspect));
  program.addCommand(generateCommand(actions.generate)).addCommand(model).addCommand(doctorCommand(actions.doctor));
  program
    .addCommand(serveCommand(actions.serve))
    .addCommand(workerCommand(actions.worker))
    .addCommand(configCommand(actions.config))
    .addCommand(keysCommand(actions))
    .addCommand(creditsCommand(actions))
    .addCommand(completionCommand(actions.completion));
  program.addHelpText('after', ending);
  silenceErrors(program);
  return program;
}

/** Errors are thrown and rendered in one place; help and version go where they belong. */
function silenceErrors(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const child of command.commands) silenceErrors(child);
}

const ending = `
Examples:
  easel generate "a red apple on a blue background"
  easel generate --help
  easel serve
  easel model inspect demo
  easel help keys create

Exit status:
  0  done                     4  the output could not be written
  1  failed                   129, 130, 143  stopped by SIGHUP, Ctrl-C, SIGTERM
  2  wrong usage, input or settings
  3  the model: missing, damaged or not supported
  5  the server refused or failed, or cannot be reached

EASEL_MODELS_DIR is where models are found by name; EASEL_DEBUG=1 shows where an error came from.
`;
