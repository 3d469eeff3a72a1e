import { EngineError } from '../errors.ts';
import { cropPicture, resizeLanczos } from '../image/lanczos.ts';
import { extendCanvas } from '../image/mask.ts';
import type { Box, DecodedPicture } from '../image/picture.ts';
import type { GenerateRequest, GenerateResult, PictureSize, StepEvent } from '../model.ts';
import { requireKnownFields } from './known-fields.ts';
import { engineLimits, requireChoice } from './limits.ts';
import { type PipelineParts, type RunOptions, runPipeline } from './pipeline.ts';
import { planRequest } from './plan.ts';
import { seedsOf } from './random-sources.ts';
import { startOf } from './start-picture.ts';

/** How much of each tile is changed, unless the request says. */
const STRENGTH = 0.3;
/** The part of a tile's side that it shares with the next. */
const OVERLAP = 1 / 8;
/** Sides that networks take. */
const STEP = 8;

/**
 * Draws pictures, or takes the start image as it is, and enlarges them: scaled with Lanczos, then image-to-image with the same prompt, tile by
 * tile at the model's native size. All tiles of a picture have the same noise, and are blended where they overlap.
 *
 * @throws EngineError `invalid_request`
 */
export async function runUpscaled(
  parts: PipelineParts,
  { upscale, ...request }: GenerateRequest,
  options: RunOptions = {},
): Promise<GenerateResult> {
  const began = performance.now();
  const by = requireChoice<2 | 4>('upscale', upscale ?? 2, [2, 4]);
  const { image } = request;
  const given = image && image.mask === undefined ? image.picture : undefined;
  requireKnownFields(request);
  const painter = new TilePainter(parts, request, { by, strength: (given && image?.strength) ?? STRENGTH }, options);
  const drawn = given ? undefined : await runPipeline(parts, request, { ...options, onStep: painter.onStep });
  const bases: readonly Base[] = drawn?.images ?? (given ? basesOf(given, request) : []);
  const results: GenerateResult[] = [];
  for (const base of bases) results.push(await painter.enlarge(base));
  const [first] = results;
  const sum = (part: 'encodeMs' | 'denoiseMs' | 'decodeMs') =>
    [...(drawn ? [drawn] : []), ...results].reduce((total, { timings }) => total + timings[part], 0);
  return {
    images: results.flatMap(({ images }) => images),
    used: { ...(drawn ?? first).used, upscale: by },
    truncated: (drawn ?? first).truncated,
    timings: {
      encodeMs: sum('encodeMs'),
      denoiseMs: sum('denoiseMs'),
      decodeMs: sum('decodeMs'),
      totalMs: performance.now() - began,
    },
  };
}

/** A picture to enlarge, and the seed of its tiles. */
interface Base extends DecodedPicture {
  /** Null: there is none, and each tile has noise of its own. */
  readonly seed: bigint | null;
}

function basesOf(picture: DecodedPicture, request: GenerateRequest): Base[] {
  return seedsOf(request, request.samples ?? request.seeds?.length ?? 1).map((seed) => ({ ...picture, seed }));
}

interface Tile {
  readonly box: Box;
  readonly picture: DecodedPicture;
}

/** Enlarges pictures, and reports the steps of all runs of a request as those of one. */
class TilePainter {
  readonly #parts: PipelineParts;
  readonly #common: GenerateRequest;
  readonly #options: RunOptions;
  readonly #by: number;
  readonly #strength: number;
  /** Of the largest tile. */
  readonly #side: number;
  readonly #began = performance.now();
  /** Steps of the runs that have ended. */
  #done = 0;
  /** Steps that are still expected after the run that is going on. */
  #ahead: number;

  constructor(
    parts: PipelineParts,
    request: GenerateRequest,
    { by, strength }: { readonly by: number; readonly strength: number },
    options: RunOptions,
  ) {
    this.#parts = parts;
    this.#common = ofTiles(request);
    this.#options = options;
    this.#by = by;
    this.#strength = strength;
    this.#side = parts.facts.defaults.width;
    const { width, height, randomSources } = planRequest(startOf(request, parts.facts.sizes).request, parts.facts);
    const base = request.image?.mask === undefined ? request.image?.picture : undefined;
    const size = { width: (base?.width ?? width) * by, height: (base?.height ?? height) * by };
    this.#ahead = randomSources.length * this.#stepsFor(size);
  }

  /** Of a run that is a part of the whole. */
  readonly onStep = (step: StepEvent): void => {
    const index = this.#done + step.index;
    const total = this.#done + step.total + this.#ahead;
    const elapsedMs = performance.now() - this.#began;
    this.#options.onStep?.({ ...step, index, total, elapsedMs, etaMs: (elapsedMs / index) * (total - index) });
    if (step.index === step.total) this.#done = index;
  };

  async enlarge({ seed, ...base }: Base): Promise<GenerateResult> {
    const [width, height] = [base.width * this.#by, base.height * this.#by];
    const canvas = onGrid(resizeLanczos(base, width, height), this.#side);
    const tiles: Tile[] = [];
    let result: GenerateResult | undefined;
    for (const box of tilesOf(canvas, this.#side)) {
      const request = this.#tileRequest(cropPicture(canvas, box), seed);
      this.#ahead = Math.max(0, this.#ahead - this.#stepsOf(request));
      const options = { ...this.#options, onStep: this.onStep, previewEvery: 0 };
      result = await runPipeline(this.#parts, request, options);
      tiles.push({ box, picture: result.images[0] });
    }
    if (!result) throw new EngineError('internal', 'there was nothing to enlarge');
    const picture = cropPicture(blended(tiles, canvas), { left: 0, top: 0, right: width, bottom: height });
    return { ...result, images: [{ ...picture, seed, timings: result.timings }] };
  }

  #tileRequest(picture: DecodedPicture, seed: bigint | null): GenerateRequest {
    const { width, height } = picture;
    const image = { picture, strength: this.#strength };
    return { ...this.#common, width, height, image, ...(seed !== null && { seed }) };
  }

  #stepsOf(request: GenerateRequest): number {
    const { schedule } = planRequest(request, this.#parts.facts);
    return schedule.timesteps.length - schedule.beginIndex;
  }

  #stepsFor(size: PictureSize): number {
    const canvas = gridSize(size, this.#side);
    return tilesOf(canvas, this.#side)
      .map(({ left, top, right, bottom }) => blank({ width: right - left, height: bottom - top }))
      .reduce((sum, tile) => sum + this.#stepsOf(this.#tileRequest(tile, 0n)), 0);
  }
}

/** What of a request is the same for all tiles. */
function ofTiles({
  width: _width,
  height: _height,
  samples: _samples,
  seed: _seed,
  seeds: _seeds,
  generator: _generator,
  latents: _latents,
  microConditioning: _microConditioning,
  image: _image,
  ...common
}: GenerateRequest): GenerateRequest {
  return common;
}

function blank({ width, height }: PictureSize): DecodedPicture {
  return { width, height, data: new Uint8Array(3 * width * height) };
}

/** Sides that can be cut into tiles. */
function gridSize({ width, height }: PictureSize, tile: number): PictureSize {
  const least = Math.min(tile, engineLimits.side.min);
  const side = (length: number) => Math.max(least, Math.ceil(length / STEP) * STEP);
  return { width: side(width), height: side(height) };
}

/** The picture with its outermost pixels repeated at the right and at the bottom, as far as the grid needs them. */
function onGrid(picture: DecodedPicture, tile: number): DecodedPicture {
  const { width, height } = gridSize(picture, tile);
  const margins = { left: 0, top: 0, right: width - picture.width, bottom: height - picture.height };
  return extendCanvas(picture, margins).picture;
}

/** Tiles of one size that cover a picture and overlap evenly, row by row. */
function tilesOf({ width, height }: PictureSize, side: number): Box[] {
  const [wide, high] = [Math.min(side, width), Math.min(side, height)];
  return startsOf(height, high).flatMap((top) =>
    startsOf(width, wide).map((left) => ({ left, top, right: left + wide, bottom: top + high })),
  );
}

function startsOf(length: number, tile: number): number[] {
  const count = 1 + Math.ceil(Math.max(0, length - tile) / (tile * (1 - OVERLAP)));
  const stride = count === 1 ? 0 : (length - tile) / (count - 1);
  return Array.from({ length: count }, (_, index) => Math.round(index * stride));
}

/** The tiles on one canvas; where they overlap, each counts by its distance from its own edge. */
function blended(tiles: readonly Tile[], { width, height }: PictureSize): DecodedPicture {
  const sums = new Float32Array(3 * width * height);
  const shares = new Float32Array(width * height);
  for (const { box, picture } of tiles) {
    for (let y = 0; y < picture.height; y++) {
      const down = Math.min(y + 1, picture.height - y);
      for (let x = 0; x < picture.width; x++) {
        const share = down * Math.min(x + 1, picture.width - x);
        const at = (box.top + y) * width + box.left + x;
        shares[at] += share;
        const from = 3 * (y * picture.width + x);
        for (let channel = 0; channel < 3; channel++) sums[3 * at + channel] += share * picture.data[from + channel];
      }
    }
  }
  const data = Uint8Array.from(sums, (sum, i) => Math.round(sum / shares[Math.floor(i / 3)]));
  return { width, height, data };
}
