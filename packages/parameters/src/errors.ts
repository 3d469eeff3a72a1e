import { CodedError } from '@easel/errors';

/** The only error that leaves this package: the file is not a PNG, JPEG or WebP, or too damaged to add a text. */
export class PictureFormatError extends CodedError<'picture_format'> {
  constructor(message: string) {
    super('picture_format', message);
    this.name = 'PictureFormatError';
  }
}
