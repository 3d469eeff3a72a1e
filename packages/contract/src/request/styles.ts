/** A style: what is put around a prompt. */
export interface Style {
  /** In lower case, with hyphens. */
  readonly name: string;
  /** With `{prompt}` where the user's prompt goes. */
  readonly prompt: string;
  /** Added to the user's negative prompt; absent: nothing. */
  readonly negativePrompt?: string | undefined;
}

/** The pattern `style` of the schemas. */
export const styleName = {
  source: '^[a-z0-9][a-z0-9-]{0,39}$',
  words: 'the name of a style: at most 40 lower-case letters, digits and hyphens',
} as const;

/** What is wrong with a style that somebody made; undefined: nothing. */
export function faultOfStyle({ name, prompt }: Style): string | undefined {
  if (!new RegExp(styleName.source).test(name)) return `name must be ${styleName.words} (got ${JSON.stringify(name)})`;
  if (builtInStyles.some((each) => each.name === name)) return `${name} is a style of Easel's own; choose another name`;
  if (prompt.split(STYLE_PLACE).length === 2) return undefined;
  return `the prompt of a style must have ${STYLE_PLACE} once, where the user's prompt goes (got ${JSON.stringify(prompt)})`;
}

/** Where the prompt goes in a template. */
export const STYLE_PLACE = '{prompt}';

/** What a style stands for. */
export type StyleTexts = Omit<Style, 'name'>;

/** The styles that Easel comes with. */
export const builtInStyles: readonly Style[] = [
  style('photo', '{prompt}, photograph, natural light, 50mm lens, fine detail', 'drawing, painting, render'),
  style('portrait', 'portrait photo of {prompt}, soft window light, blurred background', 'drawing, cropped head'),
  style('macro', 'macro photograph of {prompt}, extreme close-up, tiny details in focus', 'wide shot'),
  style('black-and-white', 'black and white photograph of {prompt}, film grain, strong contrast', 'colour, tinted'),
  style('night', '{prompt} at night, long exposure, glowing street lamps, wet ground', 'daylight, overexposed'),
  style('film-still', 'still from a film, {prompt}, wide frame, dramatic light, muted colours', 'drawing, text, logo'),
  style('instant-photo', 'faded instant photo of {prompt}, warm cast, soft focus, light leak', 'sharp, digital'),
  style('studio', 'studio product shot of {prompt}, seamless backdrop, softbox light', 'clutter, busy background'),
  style('oil-painting', 'oil painting of {prompt}, thick brush strokes, visible canvas', 'photograph, smooth render'),
  style('watercolour', 'watercolour of {prompt}, loose washes, white paper', 'photograph, hard outlines'),
  style('ink', 'ink drawing of {prompt}, brush and wash, few strokes, empty paper', 'colour, photograph'),
  style('pencil', 'pencil sketch of {prompt}, hatching, graphite on rough paper', 'colour, photograph'),
  style('charcoal', 'charcoal drawing of {prompt}, smudged shadows, toned paper', 'colour, photograph'),
  style('woodcut', 'woodcut print of {prompt}, carved lines, two ink colours', 'photograph, gradients'),
  style('poster', 'screen-printed travel poster of {prompt}, flat colours, bold shapes', 'photograph, noise'),
  style('flat', 'flat illustration of {prompt}, simple shapes, few colours', 'photograph, texture, shading'),
  style('comic', 'comic book panel of {prompt}, inked outlines, halftone dots, bright colours', 'photograph, blurry'),
  style('anime', 'anime key frame of {prompt}, cel shading, painted background', 'photograph, western cartoon'),
  style('storybook', "children's book illustration of {prompt}, gouache, gentle colours", 'photograph, scary'),
  style('pixel-art', 'pixel art of {prompt}, 16-bit game sprite, crisp squares', 'photograph, blurry, smooth'),
  style('isometric', 'isometric view of {prompt}, small diorama, even light', 'perspective, photograph'),
  style('clay', 'clay model of {prompt}, fingerprints, stop-motion set', 'drawing, flat'),
  style(
    'paper-cut',
    'layered paper cut-out of {prompt}, soft shadows between sheets',
    'photograph of a person, glossy',
  ),
  style('render', '3D render of {prompt}, soft global illumination, smooth materials', 'drawing, grain'),
  style('low-poly', 'low-poly 3D model of {prompt}, faceted surfaces, pastel light', 'photograph, fine texture'),
  style('stained-glass', 'stained glass window of {prompt}, lead lines, light shining through', 'photograph, blurry'),
];

function style(name: string, prompt: string, negativePrompt: string): Style {
  return { name, prompt, negativePrompt };
}

/**
 * The prompts that a style makes of the user's. The user's own prompt is not changed.
 *
 * @param prompts null or absent: no negative prompt
 * @example
 * applyStyle({ prompt: 'ink drawing of {prompt}', negativePrompt: 'colour' }, { prompt: 'a fox' });
 * // { prompt: 'ink drawing of a fox', negativePrompt: 'colour' }
 */
export function applyStyle(
  { prompt: template, negativePrompt: added }: StyleTexts,
  { prompt, negativePrompt }: { readonly prompt: string; readonly negativePrompt?: string | null | undefined },
): { readonly prompt: string; readonly negativePrompt: string | null } {
  const negatives = [negativePrompt, added].filter((text) => text !== undefined && text !== null && text !== '');
  const none = negativePrompt ?? null;
  return {
    prompt: template.replace(STYLE_PLACE, () => prompt),
    negativePrompt: negatives.length === 0 ? none : negatives.join(', '),
  };
}
