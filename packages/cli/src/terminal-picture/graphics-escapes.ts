import type { Cells } from './picture-cells.ts';

const MAX_CHUNK_LENGTH = 4096;

/**
 * A PNG file by the kitty graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol): drawn at the cursor, which stays (C=1),
 * without an answer (q=2). The same id and placement replace the picture drawn before.
 */
export function kittyPicture(png: Uint8Array, cells: Cells, id: number): string {
  const base64 = Buffer.from(png).toString('base64');
  let text = '';
  for (let at = 0; at < base64.length; at += MAX_CHUNK_LENGTH) {
    const keys = at === 0 ? `a=T,f=100,i=${id},p=1,q=2,C=1,r=${cells.rows},` : '';
    const more = at + MAX_CHUNK_LENGTH < base64.length ? 1 : 0;
    text += `\x1b_G${keys}m=${more};${base64.slice(at, at + MAX_CHUNK_LENGTH)}\x1b\\`;
  }
  return text;
}

/** A PNG file by iTerm2's protocol (https://iterm2.com/documentation-images.html), which WezTerm has too. */
export function iterm2Picture(png: Uint8Array, cells: Cells): string {
  return `\x1b]1337;File=inline=1;size=${png.length};height=${cells.rows};preserveAspectRatio=1:${Buffer.from(png).toString('base64')}\x07`;
}
