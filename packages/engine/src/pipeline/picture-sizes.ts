import type { ModelSizes, PictureSize } from '../model.ts';

/** The shapes that SDXL was trained on, one per common aspect ratio (arXiv:2307.01952, appendix I). A test compares them with the contract's. */
const SDXL_SHAPES: ModelSizes['trained'] = [
  { width: 1024, height: 1024 },
  { width: 1152, height: 896 },
  { width: 896, height: 1152 },
  { width: 1216, height: 832 },
  { width: 832, height: 1216 },
  { width: 1344, height: 768 },
  { width: 768, height: 1344 },
  { width: 1536, height: 640 },
  { width: 640, height: 1536 },
];
const SDXL_SIDE = 1024;
const STEP = 8;

/** What a model's files declare about its picture sizes. */
export interface DeclaredSizes {
  readonly minSide: number;
  readonly maxSide: number;
}

/** The sizes of a model: those its files declare, which are then its limits, else those derived from its native side. */
export function sizesOfModel(nativeSide: number, declared: DeclaredSizes | undefined): ModelSizes {
  const { minSide, maxSide } = declared ?? { minSide: nativeSide / 2, maxSide: nativeSide * 1.5 };
  const fitting = ({ width, height }: PictureSize): PictureSize => {
    const scale = Math.min(nativeSide / SDXL_SIDE, maxSide / Math.max(width, height));
    const scaled = (side: number) => Math.round((side * scale) / STEP) * STEP;
    return { width: scaled(width), height: scaled(height) };
  };
  const [square, ...others] = SDXL_SHAPES;
  return { minSide, maxSide, isLimit: declared !== undefined, trained: [fitting(square), ...others.map(fitting)] };
}

/** The default size for a start image: the trained size whose aspect ratio is nearest to the picture's. */
export function nearestShape(picture: PictureSize, { trained }: ModelSizes): PictureSize {
  const distance = ({ width, height }: PictureSize) =>
    Math.abs(Math.log(width / height / (picture.width / picture.height)));
  return trained.reduce((best, size) => (distance(size) < distance(best) ? size : best));
}

/**
 * A warning about a size that a model accepts but was not trained on; undefined: none.
 *
 * @example
 * adviceOnSize({ width: 512, height: 512 }, model.info.sizes); // "512×512 is far from …"
 */
export function adviceOnSize({ width, height }: PictureSize, sizes: ModelSizes): string | undefined {
  if (sizes.isLimit) return undefined; // The model was trained on every size within its limits.
  const [native] = sizes.trained;
  const area = (width * height) / (native.width * native.height);
  const isNear = Math.min(width, height) >= sizes.minSide && Math.max(width, height) <= sizes.maxSide;
  if (isNear && area > 0.5 && area <= 1.6) return undefined;
  const good = sizes.trained.map((size) => `${size.width}x${size.height}`).join(', ');
  return `${width}×${height} is far from what this model was trained on: expect blurred, repeated or cut-off subjects; its sizes are ${good}`;
}
