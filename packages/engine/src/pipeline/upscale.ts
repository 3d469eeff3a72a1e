import { seedOfSample } from '@easel/parameters';
import { cropPicture, resizeLanczos } from '../image/lanczos.ts';
import { extendCanvas } from '../image/mask.ts';
import type { Box, DecodedPicture } from '../image/picture.ts';
import type { GeneratedImage, GenerateRequest, GenerateResult, PictureSize, StepEvent, Timings } from '../model.ts';
import { nextTurn } from '../runtime/passes.ts';
import { defaultTarget } from '../runtime/variant.ts';
import { totalPasses } from './acceleration.ts';
import { engineLimits, invalid, requireChoice, requireNumber, upscaledLimits } from './limits.ts';
import type { RrdbUpscaler } from './network-upscaler.ts';
import { type PipelineParts, type RunOptions, runPipeline } from './pipeline.ts';
import { type Plan, planRequest } from './plan.ts';
import { seedsOf } from './random-sources.ts';
import { requireWhole } from './start-picture.ts';

/** How much of each tile is changed, unless the request says. After a network, which adds details itself, nothing is. */
const STRENGTH = 0.2;
/** The part of the model's native side that a tile at least shares with the next. */
const OVERLAP = 1 / 8;
/** Sides that networks take. */
const STEP = 8;

/**
 * Draws pictures, or takes the start image as it is, and enlarges them: with Lanczos or a network for it, then by image-to-image with the
 * same prompt, tile by tile at the model's native size. Each tile has noise of its own, from the picture's seed and the tile's number, so that
 * nothing is repeated in all of them; where they overlap they are blended.
 *
 * @throws EngineError `invalid_request`
 */
export async function runUpscaled(
  parts: PipelineParts,
  given: GenerateRequest,
  // What is finished before it is enlarged is not yet the picture.
  { onSample: _, ...options }: RunOptions = {},
): Promise<GenerateResult> {
  const began = performance.now();
  const enlargement = planEnlargement(parts, given);
  const { upscale: _by, upscaler: _kind, ...request } = given;
  const plan = planRequest(ofTiles(request), parts.facts);
  const enlarger = new Enlarger(parts, request, enlargement, options);
  const { picture } = enlargement;
  const drawn = picture ? undefined : await runPipeline(parts, request, { ...options, onStep: enlarger.onStep });
  const images: GeneratedImage[] = [];
  const bases = drawn?.images ?? (picture ? basesOf(picture, request) : []);
  for (const [sample, base] of bases.entries()) images.push(await enlarger.enlarge(base, sample));
  const { by, network, strength } = enlargement;
  const own = { ...usedBy(parts, plan, picture ?? plan), strength, ...enlarger.usedByTiles };
  const sum = (part: 'denoiseMs' | 'decodeMs') => images.reduce((total, { timings }) => total + timings[part], 0);
  return {
    images,
    used: {
      ...(drawn?.used ?? own),
      ...(drawn && acceleratedTogether(drawn.used, enlarger.usedByTiles)),
      upscale: by,
      upscaler: network ? 'network' : 'model',
    },
    truncated: drawn?.truncated ?? parts.prompts.truncated(plan),
    timings: {
      encodeMs: Math.max(0, ...images.map(({ timings }) => timings.encodeMs)),
      denoiseMs: sum('denoiseMs'),
      decodeMs: sum('decodeMs'),
      totalMs: performance.now() - began,
    },
  };
}

type Accelerated = Pick<Partial<GenerateResult['used']>, 'acceleration'>;

/** What two runs of the same options were spared, together. */
function acceleratedTogether({ acceleration: one }: Accelerated, { acceleration: other }: Accelerated): Accelerated {
  const all = [one, other].filter((acceleration) => acceleration !== undefined);
  const [first] = all;
  if (first === undefined) return {};
  return { acceleration: { ...first, passes: totalPasses(all.map(({ passes }) => passes)) } };
}

interface Enlargement {
  readonly by: 2 | 4;
  /** Undefined: Lanczos. */
  readonly network: RrdbUpscaler | undefined;
  /** Of the image-to-image of the tiles; 0: there is none. */
  readonly strength: number;
  /** To be enlarged as it is; undefined: pictures are drawn. */
  readonly picture: DecodedPicture | undefined;
}

/** Checks what concerns the enlarging, before anything is drawn. @throws EngineError `invalid_request` */
function planEnlargement({ facts, upscaler: network }: PipelineParts, request: GenerateRequest): Enlargement {
  const by = requireChoice<2 | 4>('upscale', request.upscale ?? 2, [2, 4]);
  const kind = requireChoice('upscaler', request.upscaler ?? 'model', ['model', 'network']);
  if (kind === 'network' && !network) {
    const problem = 'upscaler is network, but the model was loaded without one';
    throw invalid('upscaler', problem, 'load it with upscaler, the file of an ESRGAN-type network');
  }
  const { image } = request;
  if (image) {
    const { mask, maskPadding, maskBlur } = image;
    if ([mask, maskPadding, maskBlur].some((each) => each !== undefined))
      throw invalid('upscale', 'upscale cannot be used with a mask', 'inpaint first, then upscale the result');
    requireWhole('image', image.picture, 3);
    if ((request.variationStrength ?? 0) > 0) {
      const problem = 'variationStrength has no effect with upscale and a start image, which is enlarged as it is';
      throw invalid('variationStrength', problem, 'leave it out');
    }
    for (const side of ['width', 'height'] as const) {
      if (request[side] === undefined) continue;
      const problem = `${side} has no effect with upscale and a start image, which is enlarged as it is`;
      throw invalid(side, problem, 'leave it out');
    }
  }
  const base = image?.picture ?? planRequest(request, facts);
  requireUpscaledSize(base, by);
  const ownStrength = kind === 'network' ? 0 : STRENGTH;
  const strength = requireNumber('strength', image?.strength ?? ownStrength, engineLimits.strength);
  if (image && strength === 0 && (request.samples ?? request.seeds?.length ?? 1) > 1) {
    const how = image.strength === undefined ? 'by a network alone' : 'with strength 0';
    const problem = `samples must be 1 where a picture is enlarged ${how}: all would be the same`;
    throw invalid('samples', problem, 'leave it out, or set strength');
  }
  return { by, network: kind === 'network' ? network : undefined, strength, picture: image?.picture };
}

/** @throws EngineError `invalid_request` */
export function requireUpscaledSize(base: PictureSize, by: number): void {
  const [width, height] = [base.width * by, base.height * by];
  const { side, pixels } = upscaledLimits;
  if (Math.max(width, height) <= side && width * height <= pixels) return;
  throw invalid(
    'upscale',
    `upscale ${by} would make a picture of ${width}×${height} pixels; at most ${side} on each side and ${pixels} in all are allowed`,
    by === 4 ? 'use upscale 2, or a smaller picture' : 'use a smaller picture',
  );
}

/** A picture to enlarge, and the seed of its tiles. */
interface Base extends DecodedPicture {
  /** Null: there is none, and each tile has noise of its own. */
  readonly seed: bigint | null;
  readonly variationSeed?: bigint;
  /** Of what has been done for it. */
  readonly timings: Timings;
}

function basesOf(picture: DecodedPicture, request: GenerateRequest): Base[] {
  const timings = { encodeMs: 0, denoiseMs: 0, decodeMs: 0, totalMs: 0 };
  const samples = requireNumber('samples', request.samples ?? request.seeds?.length ?? 1, engineLimits.samples);
  return seedsOf(request, samples).map((seed) => ({ ...picture, seed, timings }));
}

/** What is said of a run in which the model draws nothing. */
function usedBy(
  { targetOf }: PipelineParts,
  { steps, guidanceScale, scheduler, profile }: Plan,
  { width, height }: PictureSize,
): GenerateResult['used'] {
  const { device } = targetOf(profile);
  const { arithmetic } = device.form;
  return {
    ...{ width, height, steps, stepsRun: 0, guidanceScale, scheduler },
    ...(profile !== undefined && { profile }),
    device: device.name,
    ...(arithmetic === 'float16' && { arithmetic }),
  };
}

interface Tile {
  readonly box: Box;
  readonly picture: DecodedPicture;
}

/** Enlarges pictures, and reports the steps of all runs of a request, and the tiles of the network, as the steps of one. */
class Enlarger {
  /** What is told of the runs of the tiles; empty: there are none. */
  usedByTiles: Partial<Omit<GenerateResult['used'], 'width' | 'height'>> = {};
  readonly #parts: PipelineParts;
  readonly #common: GenerateRequest;
  readonly #options: RunOptions;
  readonly #enlargement: Enlargement;
  /** What the model draws by itself. */
  readonly #side: number;
  readonly #began = performance.now();
  /** Steps of the runs that have ended. */
  #done = 0;
  /** Steps that are still expected after the run that is going on. */
  #ahead: number;
  /** Whether a run has told what is to be told of the whole. */
  #isTold: boolean;

  constructor(parts: PipelineParts, request: GenerateRequest, enlargement: Enlargement, options: RunOptions) {
    this.#parts = parts;
    this.#common = ofTiles(request);
    this.#options = options;
    this.#enlargement = enlargement;
    this.#side = parts.facts.defaults.width;
    this.#isTold = enlargement.picture === undefined;
    const { width, height, randomSources } = planRequest(
      enlargement.picture ? { ...this.#common, samples: request.samples ?? request.seeds?.length ?? 1 } : request,
      parts.facts,
    );
    this.#ahead = randomSources.length * this.#stepsFor(enlargement.picture ?? { width, height });
  }

  /** Of a run that is a part of the whole. */
  readonly onStep = (step: StepEvent): void => {
    const index = this.#done + step.index;
    const total = this.#done + step.total + this.#ahead;
    const elapsedMs = performance.now() - this.#began;
    this.#options.onStep?.({ ...step, index, total, elapsedMs, etaMs: (elapsedMs / index) * (total - index) });
    if (step.index === step.total) this.#done = index;
  };

  async enlarge({ seed, variationSeed, timings: before, ...base }: Base, sample: number): Promise<GeneratedImage> {
    const began = performance.now();
    const { by, strength } = this.#enlargement;
    const large = await this.#scale(base, sample);
    const scaled = performance.now();
    const timings = { ...before, decodeMs: before.decodeMs + scaled - began };
    const { picture, encodeMs, denoiseMs, decodeMs } =
      strength === 0 ? { picture: large, encodeMs: 0, denoiseMs: 0, decodeMs: 0 } : await this.#repaint(large, seed);
    const [width, height] = [base.width * by, base.height * by];
    return {
      ...cropPicture(picture, { left: 0, top: 0, right: width, bottom: height }),
      seed,
      ...(variationSeed !== undefined && { variationSeed }),
      timings: {
        encodeMs: Math.max(timings.encodeMs, encodeMs),
        denoiseMs: timings.denoiseMs + denoiseMs,
        decodeMs: timings.decodeMs + decodeMs,
        totalMs: timings.totalMs + performance.now() - began,
      },
    };
  }

  async #scale(picture: DecodedPicture, sample: number): Promise<DecodedPicture> {
    const { by, network } = this.#enlargement;
    const { signal } = this.#options;
    await nextTurn(signal);
    if (!network) return resizeLanczos(picture, picture.width * by, picture.height * by);
    const tiles = network.tileCount(picture, by);
    this.#ahead = Math.max(0, this.#ahead - tiles);
    return network.upscale(picture, by, {
      target: defaultTarget,
      hooks: this.#options,
      beforePass: () => nextTurn(signal),
      onTile: (index, total) => this.onStep({ index, total, sample, sigma: 0, elapsedMs: 0, etaMs: 0 }),
    });
  }

  /** Image-to-image, tile by tile. The picture may come back larger at the right and at the bottom. */
  async #repaint(picture: DecodedPicture, seed: bigint | null) {
    const canvas = onGrid(picture, this.#gridSize(picture));
    const tiles: Tile[] = [];
    const spent = { encodeMs: 0, denoiseMs: 0, decodeMs: 0 };
    for (const [index, box] of this.#tiles(canvas).entries()) {
      const own = seed === null ? null : seedOfSample(seed, index);
      const request = this.#tileRequest(cropPicture(canvas, box), own);
      this.#ahead = Math.max(0, this.#ahead - this.#stepsOf(request));
      const { onNotice: _told, ...quiet } = this.#options;
      const options = this.#isTold ? quiet : this.#options;
      this.#isTold = true;
      const run = await runPipeline(this.#parts, request, { ...options, onStep: this.onStep, previewEvery: 0 });
      tiles.push({ box, picture: run.images[0] });
      spent.encodeMs += run.timings.encodeMs;
      spent.denoiseMs += run.timings.denoiseMs;
      spent.decodeMs += run.timings.decodeMs;
      const { width: _width, height: _height, ...used } = run.used;
      this.usedByTiles = { ...used, ...acceleratedTogether(this.usedByTiles, used) };
    }
    return { picture: blend(tiles, canvas), ...spent };
  }

  #tileRequest(picture: DecodedPicture, seed: bigint | null): GenerateRequest {
    const { width, height } = picture;
    const { strength } = this.#enlargement;
    const { defaults, limits } = this.#parts.facts;
    // Of the few steps of distilled models none would be run.
    const least = Math.min(Math.ceil(1 / strength), limits.steps.max);
    const steps = Math.max(this.#common.steps ?? defaults.steps, least);
    return { ...this.#common, steps, width, height, image: { picture, strength }, ...(seed !== null && { seed }) };
  }

  #stepsOf(request: GenerateRequest): number {
    const { schedule } = planRequest(request, this.#parts.facts);
    return schedule.timesteps.length - schedule.beginIndex;
  }

  /** Of enlarging one picture. */
  #stepsFor(base: PictureSize): number {
    const { by, network, strength } = this.#enlargement;
    const ofNetwork = network?.tileCount(base, by) ?? 0;
    if (strength === 0) return ofNetwork;
    const canvas = this.#gridSize({ width: base.width * by, height: base.height * by });
    const tiles = this.#tiles(canvas);
    const [{ left, top, right, bottom }] = tiles;
    const [width, height] = [right - left, bottom - top];
    const blank = { width, height, data: new Uint8Array(3 * width * height) };
    return ofNetwork + tiles.length * this.#stepsOf(this.#tileRequest(blank, 0n));
  }

  #tiles(canvas: PictureSize): [Box, ...Box[]] {
    const { isLimit, maxSide } = this.#parts.facts.sizes;
    return tilesOf(canvas, this.#side, isLimit ? maxSide : undefined);
  }

  /** Sides that can be cut into tiles that the model draws. */
  #gridSize({ width, height }: PictureSize): PictureSize {
    const { sizes } = this.#parts.facts;
    const least = Math.min(this.#side, sizes.isLimit ? sizes.minSide : engineLimits.side.min);
    const side = (length: number) => Math.max(least, Math.ceil(length / STEP) * STEP);
    return { width: side(width), height: side(height) };
  }
}

/** What of a request is the same for all tiles. */
function ofTiles({
  width: _width,
  height: _height,
  samples: _samples,
  seed: _seed,
  seeds: _seeds,
  variationSeed: _variationSeed,
  variationStrength: _variationStrength,
  generator: _generator,
  latents: _latents,
  microConditioning: _microConditioning,
  image: _image,
  ...common
}: GenerateRequest): GenerateRequest {
  return common;
}

/** The picture with its outermost pixels repeated at the right and at the bottom. */
function onGrid(picture: DecodedPicture, { width, height }: PictureSize): DecodedPicture {
  if (picture.width === width && picture.height === height) return picture;
  const margins = { left: 0, top: 0, right: width - picture.width, bottom: height - picture.height };
  return extendCanvas(picture, margins).picture;
}

/**
 * Tiles of one size that cover a picture and overlap evenly, row by row. They are as large as what the model draws by itself, or up to an eighth
 * larger where that makes them fewer.
 *
 * @param side what the model draws by itself
 * @param most the largest that it draws
 */
export function tilesOf(
  { width, height }: PictureSize,
  side: number,
  most = Number.POSITIVE_INFINITY,
): [Box, ...Box[]] {
  const [across, down] = [stripsOf(width, side, most), stripsOf(height, side, most)];
  const [first, ...others] = down.starts.flatMap((top) =>
    across.starts.map((left) => ({ left, top, right: left + across.length, bottom: top + down.length })),
  );
  return [first ?? { left: 0, top: 0, right: width, bottom: height }, ...others];
}

function stripsOf(
  total: number,
  side: number,
  most: number,
): { readonly length: number; readonly starts: readonly number[] } {
  const overlap = side * OVERLAP;
  const count = Math.max(1, Math.ceil((total - overlap) / (Math.min(side + overlap, most) - overlap)));
  const least = Math.ceil((total + (count - 1) * overlap) / count / STEP) * STEP;
  const length = Math.min(total, Math.max(side, least));
  const stride = count === 1 ? 0 : (total - length) / (count - 1);
  return { length, starts: Array.from({ length: count }, (_, index) => Math.round(index * stride)) };
}

/** The tiles on one canvas; where they overlap, each counts by its distance from its own edge. */
export function blend(tiles: readonly Tile[], { width, height }: PictureSize): DecodedPicture {
  const data = new Uint8Array(3 * width * height);
  const sums = new Float32Array(3 * width);
  const shares = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    shares.fill(0);
    for (const { box, picture } of tiles) {
      if (y < box.top || y >= box.bottom) continue;
      const row = y - box.top;
      const down = Math.min(row + 1, picture.height - row);
      for (let x = 0; x < picture.width; x++) {
        const share = down * Math.min(x + 1, picture.width - x);
        const [at, from] = [box.left + x, 3 * (row * picture.width + x)];
        shares[at] += share;
        for (let channel = 0; channel < 3; channel++) sums[3 * at + channel] += share * picture.data[from + channel];
      }
    }
    for (let i = 0; i < sums.length; i++) data[3 * width * y + i] = Math.round(sums[i] / shares[Math.floor(i / 3)]);
  }
  return { width, height, data };
}
