import type { DecodedPicture } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import { cellsFor, halfBlocks, PictureArea, pictureProtocol } from './terminal-picture.ts';

/** Red above, blue below. */
function twoColours(width: number, height: number) {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1)
    data[3 * pixel + (pixel < (width * height) / 2 ? 0 : 2)] = 255;
  return { width, height, data };
}

/** With the escape character made visible. */
async function drawn(area: PictureArea, picture: DecodedPicture): Promise<string> {
  return (await area.draw(picture)).replaceAll('\x1b', '␛');
}

const encodePng = async () => new Uint8Array(5000).fill(7);

describe('the way to show a picture', () => {
  it('is the best that the terminal has', () => {
    expect(pictureProtocol({ TERM: 'xterm-kitty' })).toBe('kitty');
    expect(pictureProtocol({ TERM: 'xterm-256color', KITTY_WINDOW_ID: '1' })).toBe('kitty');
    expect(pictureProtocol({ TERM_PROGRAM: 'ghostty', COLORTERM: 'truecolor' })).toBe('kitty');
    expect(pictureProtocol({ TERM_PROGRAM: 'iTerm.app', COLORTERM: 'truecolor' })).toBe('iterm2');
    expect(pictureProtocol({ TERM_PROGRAM: 'WezTerm', TERM: 'xterm-256color' })).toBe('iterm2');
    expect(pictureProtocol({ TERM: 'xterm-256color', COLORTERM: 'truecolor' })).toBe('half-blocks');
    expect(pictureProtocol({ TERM: 'xterm-direct' })).toBe('half-blocks');
  });

  it('is colours only inside of a multiplexer', () => {
    expect(
      pictureProtocol({ TERM: 'tmux-256color', TMUX: '/tmp/x', KITTY_WINDOW_ID: '1', COLORTERM: 'truecolor' }),
    ).toBe('half-blocks');
    expect(pictureProtocol({ TERM: 'screen-256color', TERM_PROGRAM: 'iTerm.app' })).toBeUndefined();
  });

  it('is none for plain terminals, and where colours are not wanted', () => {
    for (const env of [
      {},
      { TERM: 'dumb', COLORTERM: 'truecolor' },
      { TERM: 'xterm-256color' },
      { TERM: 'xterm-kitty', NO_COLOR: '1' },
    ]) {
      expect(pictureProtocol(env)).toBeUndefined();
    }
    expect(pictureProtocol({ TERM: 'xterm-kitty', NO_COLOR: '' })).toBe('kitty');
  });
});

describe('the cells of a picture', () => {
  it('keep its proportions and fit the terminal', () => {
    expect(cellsFor({ width: 128, height: 128 }, { columns: 200, rows: 60 })).toEqual({ columns: 64, rows: 32 });
    expect(cellsFor({ width: 16, height: 16 }, { columns: 200, rows: 60 })).toEqual({ columns: 64, rows: 32 });
    expect(cellsFor({ width: 1024, height: 1024 }, { columns: 80, rows: 24 })).toEqual({ columns: 42, rows: 21 });
    expect(cellsFor({ width: 2048, height: 64 }, { columns: 40, rows: 24 })).toEqual({ columns: 40, rows: 1 });
    expect(cellsFor({ width: 64, height: 2048 }, { columns: 80, rows: 2 })).toEqual({ columns: 1, rows: 1 });
  });
});

describe('half blocks', () => {
  it('show two pixels in a cell', () => {
    expect(halfBlocks(twoColours(2, 2), { columns: 2, rows: 1 })).toBe('\x1b[38;2;255;0;0;48;2;0;0;255m▀▀\x1b[0m\n');
  });

  it('average what is larger and repeat what is smaller', () => {
    expect(halfBlocks(twoColours(8, 8), { columns: 1, rows: 1 })).toBe('\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[0m\n');
    const red = '\x1b[38;2;255;0;0;48;2;255;0;0m▀▀▀\x1b[0m\n';
    const blue = '\x1b[38;2;0;0;255;48;2;0;0;255m▀▀▀\x1b[0m\n';
    expect(halfBlocks(twoColours(1, 2), { columns: 3, rows: 2 })).toBe(red + blue);
    expect(
      halfBlocks({ width: 2, height: 1, data: Uint8Array.of(0, 0, 0, 101, 51, 0) }, { columns: 1, rows: 1 }),
    ).toContain('38;2;51;26;0');
  });
});

describe('an area of the terminal', () => {
  const size = { columns: 8, rows: 24 };

  it('draws each picture over the one before', async () => {
    const area = new PictureArea({ protocol: 'half-blocks', size, encodePng });
    expect(await drawn(area, twoColours(8, 8))).toMatch(/^␛\[38;2/);
    expect(await drawn(area, twoColours(8, 4))).toMatch(/^␛\[4A␛\[38;2/);
    expect(await drawn(area, twoColours(8, 4))).toMatch(/^␛\[2A/);
  });

  it('sends kitty the file in chunks under one number', async () => {
    const area = new PictureArea({ protocol: 'kitty', size, encodePng });
    const ids = [await drawn(area, twoColours(8, 8)), await drawn(area, twoColours(8, 8))].map(
      (text) => /i=(\d+)/.exec(text)?.[1],
    );
    expect(ids[0]).toBe(ids[1]);
    const text = await drawn(new PictureArea({ protocol: 'kitty', size, encodePng }), twoColours(8, 8));
    const chunks = [...text.matchAll(/␛_G([^;]*);([^␛]*)␛\\/g)];
    expect(chunks.map(([, keys]) => keys)).toEqual([
      expect.stringMatching(/^a=T,f=100,i=\d+,p=1,q=2,C=1,r=4,m=1$/),
      'm=0',
    ]);
    expect(Buffer.from(chunks.map(([, , data]) => data).join(''), 'base64')).toEqual(Buffer.alloc(5000, 7));
    expect(text.startsWith('\n\n\n\n␛[4A␛7')).toBe(true);
    expect(text.endsWith('␛8␛[4B')).toBe(true);
  });

  it('sends iTerm2 the file in one piece', async () => {
    const text = await drawn(new PictureArea({ protocol: 'iterm2', size, encodePng }), twoColours(8, 8));
    expect(text).toContain('␛]1337;File=inline=1;size=5000;height=4;preserveAspectRatio=1:BwcH');
  });
});
