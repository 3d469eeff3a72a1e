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
export function readStartPicture(file: File, longestSide: number): Promise<StartPicture> {
  return readPicture(file, longestSide, 'white');
}

/** The same for a mask, whose transparent parts stay transparent: they say what is repainted. */
export function readMask(file: File, longestSide: number): Promise<StartPicture> {
  return readPicture(file, longestSide, null);
}

async function readPicture(file: File, longestSide: number, behind: 'white' | null): Promise<StartPicture> {
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
      address: drawToDataUrl(bitmap, { x: 0, y: 0, width: bitmap.width, height: bitmap.height }, size, behind),
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
export async function fitToSize(address: string, size: Size): Promise<string> {
  const image = await loadImage(address, 'start image');
  const { naturalWidth, naturalHeight } = image;
  if (naturalWidth === size.width && naturalHeight === size.height) return address;
  return drawToDataUrl(image, cropFor({ width: naturalWidth, height: naturalHeight }, size), size, 'white');
}

/** The mask of a start image, stretched to it and then cropped and scaled with it. @param startImage its address */
export async function fitMaskToSize(address: string, startImage: string, size: Size): Promise<string> {
  const [mask, start] = [await loadImage(address, 'mask'), await loadImage(startImage, 'start image')];
  const crop = cropFor({ width: start.naturalWidth, height: start.naturalHeight }, size);
  const [across, down] = [mask.naturalWidth / start.naturalWidth, mask.naturalHeight / start.naturalHeight];
  const place = { x: crop.x * across, y: crop.y * down, width: crop.width * across, height: crop.height * down };
  return drawToDataUrl(mask, place, size, null);
}

async function loadImage(address: string, what: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = address;
  await image.decode().catch((error: unknown) => {
    throw new Error(`the ${what} is no longer available; choose another one`, { cause: error });
  });
  return image;
}

/** The part in the middle of a picture that has the shape of a size. */
function cropFor(picture: Size, { width, height }: Size): Size & { readonly x: number; readonly y: number } {
  const scale = Math.max(width / picture.width, height / picture.height);
  const crop = { width: width / scale, height: height / scale };
  return { x: (picture.width - crop.width) / 2, y: (picture.height - crop.height) / 2, ...crop };
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
  behind: 'white' | null,
): string {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('not enough memory for this picture; try a smaller one');
  context.imageSmoothingQuality = 'high';
  if (behind !== null) {
    context.fillStyle = behind; // behind transparent parts
    context.fillRect(0, 0, width, height);
  }
  context.drawImage(source, crop.x, crop.y, crop.width, crop.height, 0, 0, width, height);
  const text = canvas.toDataURL('image/png');
  if (!text.startsWith('data:image/png'))
    throw new Error('the picture is too large for this browser; try a smaller one');
  return text;
}
