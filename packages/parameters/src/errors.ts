/** The only error that leaves this package: the file is none of PNG, JPEG and WebP, or too damaged to be given a text. */
export class PictureFormatError extends Error {
  override readonly name = 'PictureFormatError';
  readonly code = 'picture_format';
}
