import type { FamilyName, KnownFamily } from './families.ts';

/** A network distilled to a few steps, as far as its name tells. */
interface Distilled {
  /** Human-readable. */
  readonly what: string;
  /** How it is sampled. */
  readonly family: FamilyName;
  readonly steps: string;
  readonly guidance: string;
  readonly sampler: string;
}

const lcmLike = { what: 'LCM', family: 'lcm', steps: '4 to 8', guidance: '1 to 2', sampler: 'lcm' } as const;

/** By the names that their authors give them; the first that fits is taken. The steps are those in the name, where it has some. */
const distilled: readonly (readonly [test: RegExp, of: (steps: number | undefined, name: string) => Distilled])[] = [
  [/koala/i, () => ({ ...trailing('KOALA-Lightning', 'koala-lightning', '10'), guidance: '3.5' })],
  [
    /lightning/i,
    (steps) =>
      steps === 1
        ? trailing('SDXL-Lightning of one step', 'sdxl-lightning-1-step', '1')
        : trailing('SDXL-Lightning', 'sdxl-lightning', String(steps ?? '2, 4 or 8')),
  ],
  [/hyper[-_ ]?sd/i, hyperSd],
  [/dmd[-_ ]?2/i, () => ({ ...lcmLike, what: 'DMD2', family: 'dmd2', steps: '4', guidance: '0' })],
  [/vega[-_ ]?rt/i, () => ({ ...lcmLike, what: 'Segmind-VegaRT', guidance: '0' })],
  [word('lcm'), (steps) => ({ ...lcmLike, ...(steps !== undefined && { steps: String(steps) }) })],
  [word('tcd'), () => ({ what: 'TCD', family: 'tcd', steps: '4 to 8', guidance: '0', sampler: 'tcd' })],
  [
    word('turbo'),
    () => ({ what: 'SDXL-Turbo', family: 'sdxl-turbo', steps: '1 to 4', guidance: '0', sampler: 'euler_ancestral' }),
  ],
];

function hyperSd(steps: number | undefined, name: string): Distilled {
  if (steps === 1 && /unet/i.test(name))
    return { ...lcmLike, what: 'Hyper-SD', family: 'hyper-sd-1-step', steps: '1', guidance: '0' };
  if (steps === 1)
    return { what: 'Hyper-SD', family: 'hyper-sd-unified', steps: '1 to 8', guidance: '0', sampler: 'tcd' };
  const guidance = /cfg/i.test(name) ? '5 to 8' : '0';
  return { what: 'Hyper-SD', family: 'hyper-sd', steps: String(steps ?? '2, 4 or 8'), guidance, sampler: 'ddim' };
}

function trailing(what: string, family: FamilyName, steps: string): Distilled {
  return { what, family, steps, guidance: '0', sampler: 'euler' };
}

/** Not as a part of another word: names are joined by underscores, hyphens, digits and capitals. */
function word(text: string): RegExp {
  const capitalised = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return new RegExp(`(?:(?<![A-Za-z])${text}|${capitalised}|(?<![A-Z])${text.toUpperCase()})(?![a-z])`);
}

function distilledBy(names: readonly string[]): Distilled | undefined {
  for (const name of names) {
    const [, of] = distilled.find(([test]) => test.test(name)) ?? [];
    const steps = /(\d+)[-_ ]?steps?/i.exec(name)?.[1];
    if (of !== undefined) return of(steps === undefined ? undefined : Number(steps), name);
  }
  return undefined;
}

/** Forms of one kind of distillation: what is called LCM may take its guidance as an input, which its files tell. */
function kindOf(family: string): string {
  return family.replace(/-(unet|unified|1-step)$/, '');
}

/**
 * What should be known of a model whose name says that it was distilled to a few steps. A name decides nothing: single files of distilled
 * models have the very tensors of SDXL.
 *
 * @param names see `Evidence`
 * @param isGiven whether the family was named by the user
 * @returns undefined: the name agrees with how it is sampled
 */
export function modelNameNotice(
  names: readonly string[],
  { name: family, defaults }: KnownFamily,
  isGiven: boolean,
): string | undefined {
  const said = distilledBy(names);
  if (said === undefined) return undefined;
  if (kindOf(said.family) === kindOf(family)) {
    const isOwn = /^\d+$/.test(said.steps) && Number(said.steps) !== defaults.steps;
    return isOwn
      ? `by its name the model was made for ${said.steps} steps, and a request that names none takes ${defaults.steps}`
      : undefined;
  }
  if (isGiven) return undefined;
  return (
    `the model’s name says ${said.what}, but nothing in its files does: it is sampled as ${family}. If it was distilled, choose the ` +
    `family ${said.family}: --family ${said.family} on the command line, family in the settings of a server`
  );
}

/**
 * What an adapter for few steps asks for, as far as its name tells; it is used all the same with whatever a request says.
 *
 * @param name for the message
 * @param names what its file, its repository and its metadata call it
 * @returns undefined: it is none, or the model is sampled that way
 */
export function adapterNotice(name: string, names: readonly string[], model: KnownFamily): string | undefined {
  const said = distilledBy(names);
  if (said === undefined || said.family === model.name) return undefined;
  const wants = `by its name ${name} is ${said.what}, made for ${said.steps} step${said.steps === '1' ? '' : 's'}, a guidance scale of ${said.guidance} and the sampler ${said.sampler}`;
  return model.noise === 'edm'
    ? `${wants}, which this model is not sampled with`
    : `${wants}; ask for these, or load the model as the family ${said.family}, which has them as its defaults`;
}
