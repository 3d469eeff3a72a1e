/** A start image as the form keeps it: with its own aspect ratio, no larger than what can be used of it. */
export interface StartPicture {
  /** A data URL; of a large picture an object URL, which lasts as long as the page. */
  readonly address: string;
  readonly width: number;
  readonly height: number;
  /** What the user is to know about it, as a sentence. */
  readonly note?: string;
}

/** The longest side ratio that is kept at full detail; panoramas beyond it are scaled down further. */
const MOST_ELONGATED = 4;
/** How many pixels more than those that are sent are kept of each side, so that a part of the picture is sharp, too. */
const KEPT_FOR_CROPS = 2;
/** Above this many characters a picture is kept as an object URL: a data URL of it would be copied with each change of the form. */
const LONGEST_DATA_URL = 100_000;

/**
 * Reads any picture that the browser can decode, applies its EXIF orientation and scales it down to the size that can be used, so that
 * photos of any size can be taken.
 *
 * @param longestSide the longest side that the model supports
 * @throws Error with the reason, for the user
 */
export async function readStartPicture(file: File, longestSide: number): Promise<StartPicture> {
  const canvas = await decode(file, KEPT_FOR_CROPS * longestSide, 'white');
  const isMoving = isAnimated(new Uint8Array(await file.arrayBuffer()));
  const blob = await blobOf(canvas);
  const address = blob.size * 1.4 < LONGEST_DATA_URL ? canvas.toDataURL('image/png') : URL.createObjectURL(blob);
  const note = isMoving ? { note: 'It is animated; its first picture is used.' } : {};
  return { address, width: canvas.width, height: canvas.height, ...note };
}

/**
 * Reads a mask: white where the start image is to be repainted, black elsewhere, as the editor paints it. If anything in the file is
 * transparent, what is transparent is to be repainted.
 *
 * @throws Error with the reason, for the user
 */
export async function readMask(file: File, longestSide: number): Promise<string> {
  const canvas = await decode(file, longestSide, null);
  const context = contextOf(canvas);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = pixels;
  const isCutOut = data.some((value, index) => index % 4 === 3 && value < 255);
  for (let at = 0; at < data.length; at += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 255] = data.subarray(at, at + 4);
    // The brightness as the server computes it: ITU-R 601.
    data.fill(isCutOut ? 255 - alpha : Math.round(0.299 * red + 0.587 * green + 0.114 * blue), at, at + 3);
    data[at + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return canvas.toDataURL('image/png');
}

async function decode(file: File, longestSide: number, behind: 'white' | null): Promise<HTMLCanvasElement> {
  const bitmap = await createImageBitmap(file).catch((error: unknown) => {
    throw new Error(reasonNotOpened(file), { cause: error });
  });
  try {
    const [short, long] = [Math.min(bitmap.width, bitmap.height), Math.max(bitmap.width, bitmap.height)];
    const scale = Math.min(1, longestSide / short, (MOST_ELONGATED * longestSide) / long);
    const side = (pixels: number) => Math.max(1, Math.round(pixels * scale));
    const canvas = document.createElement('canvas');
    canvas.width = side(bitmap.width);
    canvas.height = side(bitmap.height);
    const context = contextOf(canvas);
    if (behind !== null) {
      context.fillStyle = behind; // behind transparent parts
      context.fillRect(0, 0, canvas.width, canvas.height);
    }
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return canvas;
  } finally {
    bitmap.close();
  }
}

/** Browsers do not say why; a photo of a phone's own format and one that is far too large are the usual reasons. */
function reasonNotOpened({ name, size }: File): string {
  if (size === 0) return `“${name}” is empty; choose another file`;
  const isHuge = size > 50_000_000;
  const reason = isHuge ? '; it is very large: make it smaller, or save it as JPEG' : '; use PNG, JPEG or WebP';
  return `cannot open “${name}” as a picture${reason}`;
}

/** @throws Error if there is not enough memory */
export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('not enough memory for this picture; try a smaller one');
  context.imageSmoothingQuality = 'high';
  return context;
}

function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('the picture is too large for this browser; try a smaller one'));
      else resolve(blob);
    }, 'image/png');
  });
}

/** Whether a file has several pictures that are shown in turn: APNG, animated WebP and GIF. */
function isAnimated(file: Uint8Array): boolean {
  const text = (from: number, length: number) => String.fromCharCode(...file.subarray(from, from + length));
  if (text(0, 3) === 'GIF') return countGifPictures(file) > 1;
  if (text(0, 4) === 'RIFF' && text(8, 4) === 'WEBP') return text(12, 4) === 'VP8X' && ((file[20] ?? 0) & 2) !== 0;
  if (text(1, 3) !== 'PNG') return false;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 8; at + 8 <= file.length; at += view.getUint32(at) + 12) {
    const name = text(at + 4, 4);
    if (name === 'acTL') return true; // it stands before the pixels (PNG, third edition, 11.3.6.1)
    if (name === 'IDAT') return false;
  }
  return false;
}

/** At most two of them are counted. The blocks are those of GIF89a. */
function countGifPictures(file: Uint8Array): number {
  const byte = (at: number) => file[at] ?? 0;
  const colours = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  const skipBlocks = (from: number) => {
    let at = from;
    while (at < file.length && byte(at) > 0) at += byte(at) + 1;
    return at + 1;
  };
  let count = 0;
  let at = 13 + colours(byte(10));
  while (at < file.length && count < 2) {
    if (byte(at) === 0x21) at = skipBlocks(at + 2);
    else if (byte(at) === 0x2c) {
      count += 1;
      at = skipBlocks(at + 11 + colours(byte(at + 9)));
    } else break;
  }
  return count;
}
