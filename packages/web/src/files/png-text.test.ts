import { crc32, deflateSync } from 'node:zlib';
import { encodeImage } from '@easel/engine';
import { beforeAll, expect, test } from 'vitest';
import { textsOfPng } from './png-text.ts';

let png: Uint8Array;
beforeAll(async () => {
  png = await encodeImage({ width: 8, height: 8, data: new Uint8Array(8 * 8 * 3) }, { format: 'png' });
});

/** With a chunk after the header, which is 33 bytes long (PNG, third edition, §5). */
function withChunk(type: string, data: Buffer): Uint8Array<ArrayBuffer> {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return new Uint8Array(Buffer.concat([png.subarray(0, 33), length, body, check, png.subarray(33)]));
}

const bytes = (text: string, encoding: 'latin1' | 'utf8' = 'latin1') => Buffer.from(text, encoding);

test.each([
  ['tEXt', () => Buffer.concat([bytes('parameters\0'), bytes('caf\u00e9')])],
  ['zTXt', () => Buffer.concat([bytes('parameters\0\0'), deflateSync(bytes('caf\u00e9'))])],
  ['iTXt', () => Buffer.concat([bytes('parameters\0\0\0en\0\0'), bytes('caf\u00e9', 'utf8')])],
  ['iTXt', () => Buffer.concat([bytes('parameters\0\x01\0\0\0'), deflateSync(bytes('caf\u00e9', 'utf8'))])],
])('a text in %s is read', async (type, data) => {
  expect((await textsOfPng(withChunk(type, data()))).get('parameters')).toBe('caf\u00e9');
});

test('a text that is huge, or becomes so, is left out', async () => {
  const huge = Buffer.alloc(50_000_000, 'a');
  for (const [type, data] of [
    ['tEXt', Buffer.concat([bytes('parameters\0'), huge])],
    ['zTXt', Buffer.concat([bytes('parameters\0\0'), deflateSync(huge)])],
  ] as const)
    expect((await textsOfPng(withChunk(type, data))).size).toBe(0);
});

test('a compressed text that is damaged is left out', async () => {
  const damaged = deflateSync(bytes('a text')).subarray(0, 6);
  expect((await textsOfPng(withChunk('zTXt', Buffer.concat([bytes('parameters\0\0'), damaged])))).size).toBe(0);
});

test('other files have no texts, and a damaged one is read as far as it can be', async () => {
  for (const file of [new Uint8Array([1, 2, 3]), new Uint8Array()]) expect((await textsOfPng(file)).size).toBe(0);
  const file = new Uint8Array(png);
  for (let end = 0; end < file.length; end += 1) await textsOfPng(file.slice(0, end));
  for (let at = 8; at < 60; at += 1) await textsOfPng(file.with(at, 255));
});
