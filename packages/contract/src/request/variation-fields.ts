import { defaults, limits } from '../limits.ts';
import type { FieldTable } from './field.ts';

/** The part of the table of fields about pictures that are like another one; the names in files are those of AUTOMATIC1111. */
export const variationFields = {
  variationStrength: {
    kind: 'number',
    about: 'picture',
    words: 'variation strength',
    description:
      'Turns the starting noise of `seed` toward that of `variation_seed`: 0 is the picture of the one, 1 that of the other, and in between are ' +
      'pictures like the first. Above 0 all samples have the same seed, and sample k goes toward `variation_seed` + k',
    examples: [0, 0.15],
    range: limits.variationStrength,
    default: defaults.variationStrength,
    wire: { name: 'variation_strength', on: ['api', 'segmind'] },
    told: { description: 'How far the noise was turned toward that of another seed; 0: not at all', examples: [0] },
    engine: true,
    option: {
      flags: '--variation-strength <x>',
      help: 'vary the picture of --seed: turn its noise toward that of --variation-seed',
      note: '0 is the same picture (the default), 1 that of the other seed',
      group: 'Picture:',
    },
    form: { label: 'Variation', control: 'slider', place: 'more', step: 0.05, address: 'variation' },
    parameter: { key: 'Variation seed strength', believable: limits.variationStrength },
  },
  variationSeed: {
    kind: 'integer',
    about: 'picture',
    words: 'variation seed',
    description: 'With `variation_strength`: the seed of the other noise; -1 draws a random one',
    examples: [-1, 43],
    range: limits.seed,
    default: defaults.seed,
    only: 'variationStrength',
    wire: { name: 'variation_seed', on: ['api', 'segmind'] },
    told: {
      description:
        'The seed of the other noise of the first picture, drawn where -1 was sent; null without `variation_strength`',
      examples: [43, null],
      min: 0,
      max: limits.seed.max,
      nullable: true,
    },
    engine: true,
    option: {
      flags: '--variation-seed <n>',
      help: 'the seed of the other noise',
      note: 'sample k goes toward that + k; -1 picks a random one (the default)',
      group: 'Picture:',
    },
    form: { label: 'Variation seed', control: 'own', place: 'more', address: 'variation_seed' },
    parameter: { key: 'Variation seed', believable: { min: 0, max: limits.seed.max } },
  },
} as const satisfies FieldTable;
