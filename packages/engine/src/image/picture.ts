/** 8-bit RGB pixels, row by row, three bytes each: `data.length === width * height * 3`. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A part of a picture: pixels from left and top up to, and without, right and bottom. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}
