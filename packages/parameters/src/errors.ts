import { CodedError } from '@easel/errors';

/** The only error that leaves this package: the file is none of PNG, JPEG and WebP, or too damaged to be given a text. */
export class PictureFormatError extends CodedError<'picture_format'> {
  constructor(message: string) {
    super('picture_format', message);
    this.name = 'PictureFormatError';
  }
}
