import { Argument, Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export type CompletionAction = (shell: Shell) => Promise<void>;

/** `easel completion` */
export function completionCommand(action: CompletionAction): Command {
  return new Command('completion')
    .description('Print a script that completes commands and options in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', examples)
    .action((shell: Shell) => action(shell));
}

const examples = `
Examples:
  source <(easel completion bash)                                        in ~/.bashrc
  source <(easel completion zsh)                                         in ~/.zshrc, after compinit
  easel completion fish > ~/.config/fish/completions/easel.fish
`;
