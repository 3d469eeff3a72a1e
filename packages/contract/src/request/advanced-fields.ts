import { defaults, limits, MAX_PROMPT_LENGTH } from '../limits.ts';
import type { FieldTable } from './field.ts';

/** For those who know the model from within: the part of the table of fields that few requests name. */
export const advancedFields = {
  guidanceRescale: {
    kind: 'number',
    about: 'picture',
    words: 'guidance rescale',
    description: 'Takes back over-exposure from strong guidance (arXiv:2305.08891, section 3.4); 0 does nothing',
    examples: [0, 0.7],
    range: limits.guidanceRescale,
    default: defaults.guidanceRescale,
    wire: { name: 'guidance_rescale', on: ['api'] },
    told: { description: 'The guidance rescale', examples: [0] },
    engine: true,
    option: {
      flags: '--guidance-rescale <x>',
      help: 'takes back over-exposure from strong guidance',
      group: 'Sampling:',
    },
    parameter: { key: 'Guidance rescale', believable: limits.guidanceRescale },
  },
  solverOrder: {
    kind: 'choice',
    about: 'local',
    words: 'solver order',
    choices: [1, 2, 3],
    engine: 'schedulerOverrides',
    option: { flags: '--solver-order <n>', help: 'of edm_dpmpp_2m, dpmpp_2m and unipc', group: 'Sampling:' },
    parameter: { key: 'Solver order', usual: 2 },
  },
  solverType: {
    kind: 'choice',
    about: 'local',
    words: 'solver type',
    choices: ['midpoint', 'heun'],
    engine: 'schedulerOverrides',
    option: { flags: '--solver-type <name>', help: 'of edm_dpmpp_2m and dpmpp_2m', group: 'Sampling:' },
    parameter: { key: 'Solver type', usual: 'midpoint' },
  },
  generator: {
    kind: 'choice',
    about: 'local',
    words: 'generator',
    choices: ['per-sample', 'shared'],
    option: {
      flags: '--generator <kind>',
      help: 'per-sample (default): each picture is that of its own seed; shared: one stream for all',
      group: 'Sampling:',
    },
  },
  prompt2: {
    kind: 'text',
    about: 'picture',
    words: 'second prompt',
    description: 'Goes to the second text encoder instead of `prompt`',
    examples: ['flat colours, thick outlines'],
    range: { min: 0, max: MAX_PROMPT_LENGTH },
    wire: { name: 'prompt_2', on: ['api'] },
    told: { description: 'What the second text encoder read instead', examples: [null], nullable: true },
    engine: true,
    option: { flags: '--prompt-2 <text>', help: 'another prompt for the second text encoder', group: 'Sampling:' },
    parameter: { key: 'Prompt 2' },
  },
  promptWeighting: {
    kind: 'boolean',
    about: 'picture',
    words: 'prompt weighting',
    description:
      'Whether the prompts have weights, as in AUTOMATIC1111: `(word:1.2)`, `(word)`, `[word]`, `\\(` for a bracket. Otherwise brackets are plain text',
    examples: [false, true],
    default: false,
    wire: { name: 'prompt_weighting', on: ['api', 'segmind'] },
    told: { description: 'Whether weights were read out of the prompts', examples: [false] },
    engine: true,
    option: {
      flags: '--prompt-weighting',
      help: 'read weights out of the prompts: (word:1.2), (word), [word]; \\( is a bracket',
      group: 'Picture:',
    },
    form: { label: 'Read weights: (word:1.2), [word]', control: 'check', place: 'more', address: 'weighting' },
    parameter: { key: 'Prompt weighting' },
  },
  longPrompts: {
    kind: 'boolean',
    about: 'picture',
    words: 'long prompts',
    description:
      'Whether the model reads up to 600 tokens of a prompt, in chunks of 75; `BREAK` begins a new chunk. Otherwise it reads the first 75',
    examples: [false, true],
    default: false,
    wire: { name: 'long_prompts', on: ['api', 'segmind'] },
    told: { description: 'Whether more than 75 tokens of a prompt were read', examples: [false] },
    engine: true,
    option: {
      flags: '--long-prompts',
      help: 'read up to 600 tokens of the prompts, not only the first 75; BREAK begins a new chunk of 75',
      group: 'Picture:',
    },
    form: { label: 'Long prompts: up to 600 tokens', control: 'check', place: 'more', address: 'long' },
    parameter: { key: 'Long prompts' },
  },
  loraTags: {
    kind: 'boolean',
    about: 'picture',
    words: 'LoRA tags',
    description:
      'Whether `<lora:name:weight>` in the prompt stands for a LoRA of the model, as in AUTOMATIC1111: the tags are taken out of the prompt, and added to `loras`. Otherwise they are plain text',
    examples: [false, true],
    default: false,
    wire: { name: 'lora_tags', on: ['api', 'segmind'] },
    told: { description: 'Whether LoRAs were read out of the prompt', examples: [false] },
    option: {
      flags: '--lora-tags',
      help: 'read <lora:name:weight> in prompts as LoRAs; without it they are plain text',
      group: 'Model:',
    },
    form: { label: 'Read LoRAs: <lora:name:0.8>', control: 'check', place: 'more', address: 'tags' },
  },
  negativePrompt2: {
    kind: 'text',
    about: 'local',
    words: 'second negative prompt',
    engine: true,
    option: {
      flags: '--negative-prompt-2 <text>',
      help: 'another negative prompt for the second text encoder',
      group: 'Sampling:',
    },
    parameter: { key: 'Negative prompt 2' },
  },
  originalSize: conditioningSize('--original-size', 'micro-conditioning: the size the picture would have come from'),
  crop: conditioningPoint('--crop', 'micro-conditioning: where it would have been cut out'),
  targetSize: conditioningSize('--target-size', 'micro-conditioning: the size it would have been made for'),
  negativeOriginalSize: conditioningSize('--negative-original-size', 'the same for the negative prompt'),
  negativeCrop: conditioningPoint('--negative-crop', 'the same for the negative prompt'),
  negativeTargetSize: conditioningSize('--negative-target-size', 'the same for the negative prompt'),
} as const satisfies FieldTable;

function conditioningSize(flag: string, help: string) {
  return {
    kind: 'size',
    about: 'local',
    words: 'micro-conditioning',
    option: { flags: `${flag} <WxH>`, help, group: 'Sampling:' },
  } as const;
}

function conditioningPoint(flag: string, help: string) {
  return {
    kind: 'point',
    about: 'local',
    words: 'micro-conditioning',
    option: { flags: `${flag} <X,Y>`, help, group: 'Sampling:' },
  } as const;
}
