import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { archiveNames } from './archive-names.ts';
import { zipOf } from './zip.ts';

interface Entry {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Reads an archive as unpackers do: from its end, by way of the directory. */
function unpack(zip: Buffer): Entry[] {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  return Array.from({ length: count }, () => {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    const [checksum, size, nameLength, offset] = [
      zip.readUInt32LE(at + 16),
      zip.readUInt32LE(at + 24),
      zip.readUInt16LE(at + 28),
      zip.readUInt32LE(at + 42),
    ];
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    at += 46 + nameLength + zip.readUInt16LE(at + 30);
    const start = offset + 30 + zip.readUInt16LE(offset + 26) + zip.readUInt16LE(offset + 28);
    expect(zip.toString('utf8', offset + 30, offset + 30 + nameLength)).toBe(name);
    const bytes = zip.subarray(start, start + size);
    expect(crc32(bytes)).toBe(checksum);
    return { name, bytes };
  });
}

test('an archive has every file under its name, byte for byte', async () => {
  const modified = new Date('2026-01-31T12:00:00Z');
  const files = [
    { name: 'ein-Apfel-für-日本-42.png', bytes: Buffer.from('first'), modified },
    { name: 'empty.png', bytes: new Uint8Array(), modified },
    { name: 'metadata.json', bytes: Buffer.alloc(70_000, 'x'), modified },
  ];
  const entries = unpack(await buffer(zipOf(files)));
  expect(entries).toEqual(files.map(({ name, bytes }) => ({ name, bytes: Buffer.from(bytes) })));
});

test('an archive reads its files one by one, each when it is wanted', async () => {
  let read = 0;
  async function* files() {
    for (; read < 3; read += 1) yield { name: String(read), bytes: Buffer.from('x'), modified: new Date(0) };
  }
  const parts = zipOf(files());
  await parts.next();
  expect(read).toBe(0);
  await parts.next();
  await parts.next();
  expect(read).toBe(1);
  await parts.return();
});

const image = (seed: number, format: 'png' | 'jpeg' = 'png') => ({ name: 'a'.repeat(32), format, seed });

test('files are named after prompt and seed, each differently, and safely on every system', () => {
  const prompt = 'A red apple: on/a\\blue "background"?';
  const names = archiveNames([
    { image: image(42), job: { prompt, request: {} } },
    { image: image(42), job: { prompt: prompt.toLowerCase(), request: {} } },
    { image: image(42, 'jpeg'), job: { prompt, request: {} } },
    { image: image(7), job: { prompt: '../../etc/passwd', request: {} } },
    { image: image(7), job: { prompt: '!!!', request: {} } },
    { image: image(0), job: { prompt: '', request: { imported: { file_name: 'Holiday (3).JPG' } } } },
    { image: image(1), job: { prompt: 'תפוח אדום', request: {} } },
    { image: image(1), job: { prompt: `${'long '.repeat(100)}`, request: {} } },
  ]);
  expect(names).toEqual([
    'A-red-apple-on-a-blue-background-42.png',
    'a-red-apple-on-a-blue-background-42-2.png',
    'A-red-apple-on-a-blue-background-42.jpg',
    'etc-passwd-7.png',
    'picture-7.png',
    'imported-Holiday-3.png',
    'תפוח-אדום-1.png',
    `${'long-'.repeat(12).slice(0, 59)}-1.png`,
  ]);
});
