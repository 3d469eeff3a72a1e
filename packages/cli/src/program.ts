import { Command } from 'commander';
import { type RunCommand, readVersion } from './cli-context.ts';
import { accountsCommand } from './commands/accounts.ts';
import { backupCommand, restoreCommand } from './commands/backup.ts';
import { completionCommand } from './commands/completion.ts';
import { creditsCommand } from './commands/credits.ts';
import { deviceCommand } from './commands/device.ts';
import { doctorCommand } from './commands/doctor.ts';
import { generateCommand } from './commands/generate.ts';
import { keysCommand } from './commands/keys.ts';
import { modelCommand } from './commands/model.ts';
import { modelCommands } from './commands/models.ts';
import { configCommand, serveCommand, workerCommand } from './commands/serve.ts';
import { styleCommand } from './commands/style.ts';
import { upscaleCommand } from './commands/upscale.ts';
import { usageCommand } from './commands/usage.ts';
import { webhooksCommand } from './commands/webhooks.ts';
import { cudaPackages, type PinnedWheel } from './device/cuda-packages.ts';

/**
 * The whole command line. Parsing it never ends the process: errors are thrown.
 *
 * @param run runs the work of the command that was parsed. Engine, client and server are loaded by that work, so that help and version do
 *   not wait for them
 * @param packages what `easel device install cuda` installs
 */
export function easelProgram(run: RunCommand, packages: readonly PinnedWheel[] = cudaPackages): Command {
  const program = new Command('easel')
    .description('Makes pictures from text on your own machine.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false);
  const generate = generateCommand((prompt, flags) =>
    run(async (context) => {
      if (flags.interactive) {
        const { runInteractive } = await import('./generate/interactive.ts');
        return runInteractive(prompt, flags, context);
      }
      const { runGenerate } = await import('./generate/run-generate.ts');
      return runGenerate(prompt, flags, context);
    }),
  );
  program.addCommand(generate).addCommand(upscaleCommand(run));
  for (const command of modelCommands(run)) program.addCommand(command);
  program.addCommand(modelCommand(run)).addCommand(doctorCommand(run));
  program.addCommand(styleCommand(run));
  program.addCommand(deviceCommand(run, packages));
  program.addCommand(serveCommand(run)).addCommand(workerCommand(run)).addCommand(configCommand(run));
  program.addCommand(backupCommand(run)).addCommand(restoreCommand(run));
  program.addCommand(accountsCommand(run)).addCommand(keysCommand(run)).addCommand(creditsCommand(run));
  program.addCommand(usageCommand(run)).addCommand(webhooksCommand(run));
  program.addCommand(completionCommand(run, program));
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
  easel pull playground-v2.5
  easel serve
  easel model inspect demo
  easel help keys create

Exit status:
  0  success                  4  the output could not be written
  1  failure                  129, 130, 143  stopped by SIGHUP, Ctrl-C, SIGTERM
  2  wrong usage, input or settings
  3  the model is missing, damaged or not supported
  5  the server refused, failed, or cannot be reached

Models are found by name among those that were pulled and in the folder EASEL_MODELS_DIR. EASEL_DEBUG=1 shows where an error came from.
`;
