/** The formats pictures are written in. */
export const imageFormats = ['png', 'jpeg', 'webp'] as const;

export type ImageFormat = (typeof imageFormats)[number];

export function isImageFormat(name: string): name is ImageFormat {
  return imageFormats.some((format) => format === name);
}

/** Further formats that are read. */
type ReadableFormat = ImageFormat | 'gif' | 'tiff' | 'avif';

/** Detects the format from the first bytes, never from a name; undefined: none that we read. */
export function sniffImageFormat(file: Uint8Array): ReadableFormat | undefined {
  const start = Buffer.from(file.subarray(0, 12)).toString('latin1');
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'webp';
  if (start.startsWith('GIF8')) return 'gif';
  if (start.startsWith('II*\0') || start.startsWith('MM\0*')) return 'tiff';
  if (start.endsWith('ftypavif')) return 'avif';
  return undefined;
}
