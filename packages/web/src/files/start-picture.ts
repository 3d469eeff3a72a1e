/** A start image as the form keeps it: with its own aspect ratio, no larger than the sizes of the model require. */
export interface StartPicture {
  /** A data URL. */
  readonly address: string;
  readonly width: number;
  readonly height: number;
}

/** The longest side ratio that is kept at full detail; panoramas beyond it are scaled down further. */
const MOST_ELONGATED = 4;

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Reads any picture that the browser can decode, applies its EXIF orientation and scales it down to the size that is needed, so that
 * the upload stays small for photos of any size.
 *
 * @param longestSide the longest side that the model supports
 * @throws Error with the reason, for the user
 */
export async function readStartPicture(file: File, longestSide: number): Promise<StartPicture> {
  const bitmap = await createImageBitmap(file).catch((error: unknown) => {
    throw new Error(`cannot open “${file.name}” as a picture; use PNG, JPEG or WebP`, {
      cause: error,
    });
  });
  try {
    const [short, long] = [Math.min(bitmap.width, bitmap.height), Math.max(bitmap.width, bitmap.height)];
    const scale = Math.min(1, longestSide / short, (MOST_ELONGATED * longestSide) / long);
    const side = (pixels: number) => Math.max(1, Math.round(pixels * scale));
    const size = { width: side(bitmap.width), height: side(bitmap.height) };
    return {
      address: drawToDataUrl(bitmap, { x: 0, y: 0, width: bitmap.width, height: bitmap.height }, size),
      ...size,
    };
  } finally {
    bitmap.close();
  }
}

/**
 * Crops a picture to the centre in the aspect ratio of the size and scales it to that size, as `object-fit: cover` displays it. It is never
 * distorted.
 *
 * @param address a data URL, or the path of a picture on this server
 * @returns the address itself if the picture already has that size
 */
export async function fitToSize(address: string, { width, height }: Size): Promise<string> {
  const image = new Image();
  image.src = address;
  await image.decode().catch((error: unknown) => {
    throw new Error('the start image is no longer available; choose another one', { cause: error });
  });
  const { naturalWidth, naturalHeight } = image;
  if (naturalWidth === width && naturalHeight === height) return address;
  const scale = Math.max(width / naturalWidth, height / naturalHeight);
  const crop = { width: width / scale, height: height / scale };
  const place = { x: (naturalWidth - crop.width) / 2, y: (naturalHeight - crop.height) / 2 };
  return drawToDataUrl(image, { ...place, ...crop }, { width, height });
}

/** The size with the closest aspect ratio: the one that crops least. */
export function nearestSize<Shape extends Size>(sizes: readonly Shape[], { width, height }: Size): Shape | undefined {
  const difference = (size: Shape) => Math.abs(Math.log(size.width / size.height / (width / height)));
  return sizes.toSorted((one, other) => difference(one) - difference(other))[0];
}

/** How much of the picture remains after cropping, 0 to 1. */
export function visibleShare(picture: Size, shape: Size): number {
  const [own, wanted] = [picture.width / picture.height, shape.width / shape.height];
  return Math.min(own, wanted) / Math.max(own, wanted);
}

function drawToDataUrl(
  source: CanvasImageSource,
  crop: Size & { readonly x: number; readonly y: number },
  { width, height }: Size,
): string {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('not enough memory for this picture; try a smaller one');
  context.imageSmoothingQuality = 'high';
  context.fillStyle = 'white'; // behind transparent parts
  context.fillRect(0, 0, width, height);
  context.drawImage(source, crop.x, crop.y, crop.width, crop.height, 0, 0, width, height);
  const text = canvas.toDataURL('image/png');
  if (!text.startsWith('data:image/png'))
    throw new Error('the picture is too large for this browser; try a smaller one');
  return text;
}
