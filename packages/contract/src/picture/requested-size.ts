import type { FieldValues } from '../request/shapes.ts';
import { type AspectRatio, sizeOfAspectRatio } from './aspect-ratios.ts';
import type { Size } from './size.ts';
import type { SizeLimits } from './size-limits.ts';

/** The fields of a body that say how large the picture is to be. */
interface SizeFields {
  readonly img_width?: number | undefined;
  readonly img_height?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly aspect_ratio?: AspectRatio | undefined;
}

type AskedSize = Pick<FieldValues, 'width' | 'height' | 'aspectRatio'>;

/**
 * The size a valid request asks for; a side it does not name is the model's native one.
 *
 * @example
 * requestedSize({ aspectRatio: '4:3' }, { width: 1024, height: 1024 }, fullModelSizes); // { width: 1152, height: 896 }
 */
export function requestedSize(
  { width, height, aspectRatio }: AskedSize,
  native: Size,
  { maxSide }: Pick<SizeLimits, 'maxSide'>,
): Size {
  if (aspectRatio !== undefined) return sizeOfAspectRatio(aspectRatio, { nativeSide: native.width, maxSide });
  return { width: width ?? native.width, height: height ?? native.height };
}

/** Whether a request says how large the picture is to be. */
export function namesSize({ width, height, aspectRatio }: AskedSize): boolean {
  return [width, height, aspectRatio].some((each) => each !== undefined);
}

/**
 * Why the size fields contradict each other; undefined when they do not. The message begins with the field at fault.
 * Values of the wrong type are left to the fields' own schemas.
 */
export function sizeContradiction(fields: SizeFields): string | undefined {
  const { img_width, img_height, width, height, aspect_ratio } = fields;
  if (differ(width, img_width)) return `width is another name of img_width: give one (got ${width} and ${img_width})`;
  if (differ(height, img_height))
    return `height is another name of img_height: give one (got ${height} and ${img_height})`;
  const hasSides = [img_width, img_height, width, height].some((side) => side !== undefined);
  if (aspect_ratio !== undefined && hasSides)
    return `aspect_ratio chooses both sides: give it or img_width and img_height (got ${aspect_ratio} and a size)`;
  return undefined;
}

function differ(one: number | undefined, other: number | undefined): boolean {
  return typeof one === 'number' && typeof other === 'number' && one !== other;
}
