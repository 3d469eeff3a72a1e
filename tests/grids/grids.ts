import { applyStyle, builtInStyles } from '@easel/contract/fields';
import type { GenerateRequest, SheetLayout } from '@easel/engine';

export interface Grid {
  readonly layout: SheetLayout;
  readonly cells: readonly { readonly label: string; readonly request: GenerateRequest }[];
}

const SEED = 7;

const gallery = [
  'a red apple on a blue background',
  'a panda in the snow',
  'line art of a guitar on a white background',
  'a dog and a cat',
  'a rocket in space',
  'pixel art of a mushroom in a meadow',
  'a fox in the forest',
  'a pizza on a wooden table',
];

const guided = ['a fox in the forest', 'a red car on a yellow background'];
const scales = [1, 2, 3, 5, 8];

const unwanted = [
  { prompt: 'a car', negativePrompt: 'white background' },
  { prompt: 'a guitar', negativePrompt: 'white background' },
  { prompt: 'an owl', negativePrompt: 'light blue background' },
  { prompt: 'an apple', negativePrompt: 'a red apple' },
];

const unknown = [
  'democracy',
  'an astronaut riding a horse',
  'a portrait of my grandmother',
  'the quick brown fox jumps over the lazy dog',
  'zxqv wub flim',
  'cyberpunk street, neon, rain, 8k',
  'ein roter Apfel',
  '🙂',
];

const shapes = [
  [256, 256],
  [256, 200],
  [256, 144],
  [256, 104],
  [200, 256],
  [144, 256],
  [104, 256],
] as const;

const styled = 'a fox in the forest';

const named = (prompts: readonly string[]) =>
  prompts.map((prompt) => ({ label: prompt, request: { prompt, seed: SEED } }));

/** The sheets by the names of their files. */
export const grids: Readonly<Record<string, Grid>> = {
  'demo-model': { layout: { columns: 4, side: 256 }, cells: named(gallery) },
  'demo-guidance': {
    layout: { columns: scales.length, side: 176 },
    cells: guided.flatMap((prompt) =>
      scales.map((guidanceScale) => ({
        label: `${prompt}, guidance ${guidanceScale}`,
        request: { prompt, guidanceScale, seed: SEED },
      })),
    ),
  },
  'demo-negative': {
    layout: { columns: unwanted.length, side: 176 },
    cells: [
      ...unwanted.map(({ prompt }) => ({ label: prompt, request: { prompt, seed: SEED } })),
      ...unwanted.map(({ prompt, negativePrompt }) => ({
        label: `${prompt}, not: ${negativePrompt}`,
        request: { prompt, negativePrompt, seed: SEED },
      })),
    ],
  },
  'demo-seeds': {
    layout: { columns: 8, side: 128 },
    cells: ['an owl at night', 'two mushrooms on grass'].flatMap((prompt) =>
      Array.from({ length: 8 }, (_, seed) => ({ label: `${prompt}, seed ${seed}`, request: { prompt, seed } })),
    ),
  },
  'demo-unknown': { layout: { columns: 4, side: 176 }, cells: named(unknown) },
  styles: {
    layout: { columns: 9, side: 128 },
    cells: [
      ...named([styled]),
      ...builtInStyles.map((style) => ({
        label: style.name,
        request: { ...applyStyle(style, { prompt: styled }), seed: SEED },
      })),
    ],
  },
  'demo-shapes': {
    layout: { columns: shapes.length, side: 176 },
    cells: shapes.map(([width, height]) => ({
      label: `a red car on the beach, ${width}×${height}`,
      request: { prompt: 'a red car on the beach', width, height, seed: SEED },
    })),
  },
};
