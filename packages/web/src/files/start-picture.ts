/** A picture to start from, as the form keeps it: its own shape, large enough for every size of the model, no larger. */
export interface StartPicture {
  /** A data URL. */
  readonly address: string;
  readonly width: number;
  readonly height: number;
}

/** Of a panorama no more than this many times its height is kept. */
const MOST_ELONGATED = 4;

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Reads any picture that the browser can show, upright (EXIF orientation), and makes it no larger than is used: a photo of any size can
 * be taken, and what is sent stays small.
 *
 * @param longestSide of a picture that the model draws
 * @throws Error that says why not
 */
export async function readStartPicture(file: File, longestSide: number): Promise<StartPicture> {
  const bitmap = await createImageBitmap(file).catch((error: unknown) => {
    throw new Error(`the browser cannot open “${file.name}” as a picture; PNG, JPEG and WebP work everywhere`, {
      cause: error,
    });
  });
  try {
    const [short, long] = [Math.min(bitmap.width, bitmap.height), Math.max(bitmap.width, bitmap.height)];
    const scale = Math.min(1, longestSide / short, (MOST_ELONGATED * longestSide) / long);
    const side = (pixels: number) => Math.max(1, Math.round(pixels * scale));
    const size = { width: side(bitmap.width), height: side(bitmap.height) };
    return { address: drawn(bitmap, { x: 0, y: 0, width: bitmap.width, height: bitmap.height }, size), ...size };
  } finally {
    bitmap.close();
  }
}

/**
 * The middle of a picture, as much of it as has the shape of the size, at that size: what the page shows with `object-fit: cover`. Nothing
 * is squashed.
 *
 * @param address a data URL, or the path of a picture of this server
 * @returns the address itself where the picture has that size
 */
export async function fitToSize(address: string, { width, height }: Size): Promise<string> {
  const image = new Image();
  image.src = address;
  await image.decode().catch((error: unknown) => {
    throw new Error('the start image is no longer stored; choose another one', { cause: error });
  });
  const { naturalWidth, naturalHeight } = image;
  if (naturalWidth === width && naturalHeight === height) return address;
  const scale = Math.max(width / naturalWidth, height / naturalHeight);
  const crop = { width: width / scale, height: height / scale };
  const place = { x: (naturalWidth - crop.width) / 2, y: (naturalHeight - crop.height) / 2 };
  return drawn(image, { ...place, ...crop }, { width, height });
}

/** The size whose shape is nearest: the one that loses least by cropping. */
export function nearestShape<Shape extends Size>(sizes: readonly Shape[], { width, height }: Size): Shape | undefined {
  const difference = (size: Shape) => Math.abs(Math.log(size.width / size.height / (width / height)));
  return sizes.toSorted((one, other) => difference(one) - difference(other))[0];
}

/** How much of the picture is seen once it is cropped to the shape, 0 to 1. */
export function shareSeen(picture: Size, shape: Size): number {
  const [own, wanted] = [picture.width / picture.height, shape.width / shape.height];
  return Math.min(own, wanted) / Math.max(own, wanted);
}

function drawn(
  source: CanvasImageSource,
  crop: Size & { readonly x: number; readonly y: number },
  { width, height }: Size,
): string {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('the browser has no memory left for this picture; try a smaller one');
  context.imageSmoothingQuality = 'high';
  context.fillStyle = 'white'; // behind what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(source, crop.x, crop.y, crop.width, crop.height, 0, 0, width, height);
  const text = canvas.toDataURL('image/png');
  if (!text.startsWith('data:image/png'))
    throw new Error('the picture is too large for this browser; try a smaller one');
  return text;
}
