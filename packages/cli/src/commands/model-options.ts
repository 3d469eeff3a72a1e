import { Option } from 'commander';

/** Options about which of a model's files are taken, the same wherever a model is named. */
export function modelConfigOption(): Option {
  const text = "a diffusers folder with the configuration of a single file that is not of SDXL's own size";
  return new Option('--model-config <folder>', text);
}

export function variantOption(): Option {
  const text = 'the weights to take where a part has both precisions (default: fp16)';
  return new Option('--variant <precision>', text).choices(['fp16', 'fp32']);
}
