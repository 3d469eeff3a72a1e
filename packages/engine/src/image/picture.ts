/** 8-bit RGB pixels, row by row, three bytes each: `data.length === width * height * 3`. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
