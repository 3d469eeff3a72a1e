import { Command } from 'commander';
import { modelConfigOption, variantOption } from './model-options.ts';

export interface InspectFlags {
  readonly modelConfig?: string;
  readonly variant?: 'fp16' | 'fp32';
  readonly json?: boolean;
}

export type InspectAction = (nameOrPath: string, flags: InspectFlags) => Promise<void>;

/** `easel model inspect` */
export function inspectCommand(action: InspectAction): Command {
  return new Command('inspect')
    .description('Say what a model is: parts, sizes, precision, defaults, licence, and what is missing or wrong.')
    .argument('<name|path>', 'a name, a diffusers folder or a .safetensors file')
    .addOption(modelConfigOption())
    .addOption(variantOption())
    .option('--json', 'print the report as JSON')
    .action((nameOrPath: string, flags: InspectFlags) => action(nameOrPath, flags));
}
