import { readFile } from 'node:fs/promises';
import type { DecodedPicture, EngineHost, GenerateRequest, ModelInfo } from '@easel/engine';
import { CodedError } from '@easel/errors';
import type { CommandContext } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { showProgress } from '../progress.ts';
import { formatTable, printJson } from '../text.ts';
import { unreadableFile } from '../unreadable-file.ts';

/** A picture whose pixels the tests of the reference implementation publish. */
export interface PublishedPicture {
  /** Of the models that it is of. */
  readonly familyName: ModelInfo['familyName'];
  /** Of those models, in pixels. */
  readonly nativeSide: number;
  /** What is drawn, in words. */
  readonly what: string;
  /** Where diffusers has it. */
  readonly source: string;
  /** The path of the start image on the Hub; absent: it has none. */
  readonly startImage?: string;
  readonly request: GenerateRequest;
  readonly strength?: number;
  /** Where the noise was drawn on a graphics card: the cards that it may have been, whose order of values differs. */
  readonly cards?: readonly { readonly name: string; readonly threads: number }[];
  /** The blue channel of the last three pixels of the last three rows, row by row, 0 to 1. */
  readonly corner: readonly number[];
  /** What the reference computed it on, in half precision. */
  readonly computedOn: string;
  /** The largest difference that the reference allows itself. */
  readonly tolerance: number;
}

const TESTS = 'tests/pipelines/stable_diffusion_xl';

export const publishedPictures: readonly PublishedPicture[] = [
  {
    familyName: 'playground-v2.5',
    nativeSide: 1024,
    what: 'image-to-image, 1024×1024, the last 9 of 30 steps, guidance 8',
    source: `${TESTS}/test_stable_diffusion_xl_img2img.py, test_stable_diffusion_xl_img2img_playground`,
    startImage: 'datasets/patrickvonplaten/images/resolve/main/aa_xl/000000009.png',
    request: {
      prompt: 'a photo of an astronaut riding a horse on mars',
      steps: 30,
      guidanceScale: 8,
      width: 1024,
      height: 1024,
      seed: 0,
      scheduler: 'edm_dpmpp_2m',
    },
    strength: 0.3, // the pipeline's default
    // The test names no generator, so that the card's own draws, and not which card.
    cards: [
      { name: 'a card of at least 65,536 threads', threads: 108 * 2048 },
      { name: 'a T4', threads: 40 * 1024 },
    ],
    computedOn: 'a graphics card',
    corner: [0.3519, 0.3149, 0.3364, 0.3505, 0.3402, 0.3371, 0.3554, 0.3495, 0.3333],
    tolerance: 1e-2,
  },
  {
    familyName: 'sdxl-turbo',
    nativeSide: 512,
    what: '512×512, 1 step, no guidance',
    source: `${TESTS}/test_stable_diffusion_xl.py, TestStableDiffusionXLTurboPipelineIntegration.test_sdxl_turbo_512`,
    request: {
      prompt: 'A small cactus with a happy face in the Sahara desert.',
      steps: 1,
      guidanceScale: 0,
      width: 512,
      height: 512,
      seed: 0,
    },
    computedOn: 'an AWS Neuron device', // the test requires one (`require_torch_neuron`)
    corner: [0.3524, 0.316, 0.3652, 0.3316, 0.3376, 0.3315, 0.3042, 0.3102, 0.3449],
    tolerance: 5e-2,
  },
];

export interface VerifyPictureFlags {
  /** The start image, where it is not to be downloaded. */
  readonly image?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** What was drawn beside what is published. */
interface PictureCheck {
  /** That the noise is taken from; absent: the CPU. */
  readonly card?: string;
  readonly expected: readonly number[];
  readonly drawn: readonly number[];
  readonly difference: number;
  readonly isWithin: boolean;
}

/**
 * `easel verify MODEL --picture`: draws what a slow test of diffusers draws and compares the pixels that the test publishes.
 *
 * @param published what is known of each family
 * @throws CodedError `usage` for a model of which none are published, before it is loaded
 */
export async function verifyPicture(
  name: string,
  flags: VerifyPictureFlags,
  context: CommandContext,
  published: readonly PublishedPicture[] = publishedPictures,
): Promise<ExitStatus> {
  const [{ createEngineHost, inspectModel }, { resolveModel }] = await Promise.all([
    import('@easel/engine'),
    import('@easel/models'),
  ]);
  const { signal } = context.interruption;
  const path = resolveModel(name, context.env);
  const { info } = await inspectModel(path);
  const picture = info && publishedOf(name, info, published);
  const startImage = picture && (await readStartImage(picture, flags, context));
  const progress = showProgress(flags, context);
  progress.begin(`loading ${name}`);
  // A model that cannot be inspected fails here, with the reason.
  const host = await createEngineHost({ model: path, signal }).finally(() => progress.end());
  const close = () => void host.close();
  signal.addEventListener('abort', close);
  try {
    const own = picture ?? publishedOf(name, host.info, published);
    const check = await drawAndCompare(own, startImage, host, flags, context);
    report(name, own, check, flags, context);
    return check.isWithin ? exitStatus.ok : exitStatus.failed;
  } finally {
    signal.removeEventListener('abort', close);
    await host.close();
  }
}

/** Of the family, and of the size of the weights that it is published for: another model of the family draws other pictures. */
function publishedOf(
  name: string,
  info: Pick<ModelInfo, 'family' | 'familyName' | 'defaults'>,
  published: readonly PublishedPicture[],
): PublishedPicture {
  const { familyName, family, defaults } = info;
  const found = published.find((each) => each.familyName === familyName && each.nativeSide === defaults.width);
  if (found !== undefined) return found;
  const known = published.map((each) => `${each.familyName} at ${each.nativeSide}×${each.nativeSide}`);
  throw new CodedError(
    'usage',
    `no pixel values are published for ${name}, which is ${family} at ${defaults.width}×${defaults.height}`,
    { remedy: `they are for ${known.join(' and ')}; without --picture the hashes of its files are checked` },
  );
}

/** With the noise of each card in turn, until one is right; else that which differs least. */
async function drawAndCompare(
  published: PublishedPicture,
  startImage: DecodedPicture | undefined,
  host: EngineHost,
  flags: VerifyPictureFlags,
  context: CommandContext,
): Promise<PictureCheck> {
  const { request, strength, cards } = published;
  let best: PictureCheck | undefined;
  for (const card of cards ?? [undefined]) {
    const progress = showProgress(flags, context);
    progress.begin(`drawing ${published.what}${card === undefined ? '' : `, with the noise of ${card.name}`}`);
    const { images } = await host
      .generate(
        {
          ...request,
          ...(card && { cudaThreads: card.threads }),
          ...(startImage && { image: { picture: startImage, ...(strength !== undefined && { strength }) } }),
        },
        { signal: context.interruption.signal, onStep: (step) => progress.step(step) },
      )
      .finally(() => progress.end());
    const [picture] = images;
    if (picture === undefined) throw new CodedError('internal', 'the engine returned no picture');
    const check = { ...comparePicture(published, picture), ...(card && { card: card.name }) };
    if (best === undefined || check.difference < best.difference) best = check;
    if (check.isWithin) break;
  }
  if (best === undefined) throw new CodedError('internal', 'nothing was drawn');
  return best;
}

function comparePicture({ corner, tolerance }: PublishedPicture, picture: DecodedPicture): PictureCheck {
  const drawn = cornerOf(picture);
  const difference = Math.max(...drawn.map((value, index) => Math.abs(value - (corner[index] ?? 0))));
  return { expected: corner, drawn, difference, isWithin: difference < tolerance };
}

/** The pixels that the reference's tests look at. */
export function cornerOf({ data, width, height }: DecodedPicture): number[] {
  const at = (row: number, column: number) =>
    (data[3 * ((height - 3 + row) * width + width - 3 + column) + 2] ?? 0) / 255;
  return [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => at(row, column)));
}

function report(
  name: string,
  { what, source, computedOn, tolerance }: PublishedPicture,
  check: PictureCheck,
  { json }: VerifyPictureFlags,
  context: CommandContext,
): void {
  if (json) {
    printJson(context, { name, what, source, computedOn, tolerance, ...check });
    return;
  }
  const rows = check.expected.map((expected, index) => {
    const drawn = check.drawn[index] ?? 0;
    const off = Math.abs(drawn - expected);
    const place = `${3 - Math.floor(index / 3)}, ${3 - (index % 3)}`;
    return [place, expected.toFixed(4), drawn.toFixed(4), `${off.toFixed(4)}${off < tolerance ? '' : '  ✗'}`];
  });
  const verdict = check.isWithin ? '✓ within' : '✗ beyond';
  context.stdout.write(
    [
      `${what}\n`,
      `diffusers, ${source}: half precision on ${computedOn}\n`,
      ...(check.card === undefined ? [] : [`noise of ${check.card}\n`]),
      '\n',
      formatTable([['FROM BOTTOM, RIGHT', 'PUBLISHED', 'DRAWN', 'DIFFERENCE'], ...rows]),
      `\n${verdict} what the reference's test allows: ${check.difference.toFixed(4)} of ${tolerance}\n`,
    ].join(''),
  );
}

async function readStartImage(
  { startImage }: PublishedPicture,
  { image: file }: VerifyPictureFlags,
  context: CommandContext,
): Promise<DecodedPicture | undefined> {
  if (startImage === undefined) {
    if (file === undefined) return undefined;
    throw new CodedError('usage', 'the published picture of this model has no start image', {
      remedy: 'leave --image out',
    });
  }
  const { decodeImage } = await import('@easel/engine');
  if (file === undefined) return decodeImage(await downloadStartImage(startImage, context));
  const bytes = await readFile(file).catch((error: unknown) => {
    throw unreadableFile('image_unreadable', `--image ${file}`, error);
  });
  return decodeImage(bytes);
}

async function downloadStartImage(path: string, { env, interruption }: CommandContext): Promise<Uint8Array> {
  const address = `${(env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '')}/${path}`;
  const failed = (why: string, cause?: unknown) =>
    new CodedError('server_unreachable', `the start image ${address} cannot be downloaded: ${why}`, {
      remedy: 'download it elsewhere and give it with --image FILE',
      cause,
    });
  if (/^(1|true|yes|on)$/i.test(env.HF_HUB_OFFLINE ?? '')) throw failed('HF_HUB_OFFLINE is set');
  const reply = await fetch(address, { signal: interruption.signal }).catch((error: unknown) => {
    interruption.signal.throwIfAborted();
    throw failed('there is no connection', error);
  });
  if (!reply.ok) throw failed(`the answer is ${reply.status}`);
  return new Uint8Array(await reply.arrayBuffer());
}
