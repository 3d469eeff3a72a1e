/** Gives numbers from 0 to 1, the same for the same seed. */
export type Random = () => number;

const below = (random: Random, end: number) => Math.floor(random() * end);

export function choose<Value>(random: Random, values: readonly [Value, ...Value[]]): Value {
  return values[below(random, values.length)] ?? values[0];
}

/** Bytes of a file that are no longer quite that file: flipped, overwritten, removed, repeated, cut off, extended. */
export function mutateBytes(random: Random, bytes: Uint8Array): Buffer {
  let changed: Buffer = Buffer.from(bytes);
  for (let changes = 1 + below(random, 8); changes > 0; changes--) {
    const at = below(random, Math.max(1, changed.length));
    const length = 1 + below(random, choose(random, [1, 4, 16, 256]));
    const piece = changed.subarray(at, at + length);
    changed = choose<() => Buffer>(random, [
      () => overwrite(changed, at, Buffer.from([(changed[at] ?? 0) ^ (1 << below(random, 8))])),
      () => overwrite(changed, at, randomBytes(random, length)),
      // Lengths and sizes at their limits are where readers go wrong.
      () => overwrite(changed, at, choose(random, extremes)),
      () => Buffer.concat([changed.subarray(0, at), changed.subarray(at + length)]),
      () => Buffer.concat([changed.subarray(0, at), piece, piece, changed.subarray(at + length)]),
      () => Buffer.concat([changed.subarray(0, at), randomBytes(random, length), changed.subarray(at)]),
      () => changed.subarray(0, at),
    ])();
  }
  return changed;
}

const extremes = [
  Buffer.from([0, 0, 0, 0]),
  Buffer.from([0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0x7f, 0xff, 0xff, 0xff]),
  Buffer.from([0x80, 0, 0, 0]),
  Buffer.from([0xff, 0xff]),
] as const satisfies readonly [Buffer, ...Buffer[]];

function overwrite(bytes: Buffer, at: number, piece: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  piece.copy(copy, at);
  return copy;
}

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(random, 256)));
}

/** Text of a few characters from everywhere: each Unicode plane, lone surrogates, controls, marks, syntax of prompts. */
export function randomText(random: Random, longest: number): string {
  const piece = choose<() => string>(random, [
    () => String.fromCodePoint(below(random, 0x110000)),
    () => String.fromCharCode(0xd800 + below(random, 0x800)),
    () => String.fromCharCode(below(random, 0x80)),
    () =>
      choose(random, [
        'a red fox ',
        '(((',
        ':1.2)',
        '[',
        '{a|b}',
        'BREAK',
        '<lora:x:1>',
        '<|endoftext|>',
        '\u0000',
        '👩‍🚀',
        'e\u0301',
        'ﷺ',
        '\u202e',
        "it's ",
      ]),
  ]);
  const length = below(random, choose(random, [4, 40, 400, longest]));
  let text = '';
  while (text.length < length) text += piece().repeat(1 + below(random, choose(random, [2, 20, 2000])));
  return text.slice(0, longest);
}

/** A value of JSON that has little to do with what was wanted in its place. */
function randomJson(random: Random, depth = 3): unknown {
  const leaf = (): unknown =>
    choose<() => unknown>(random, [
      () => null,
      () => random() < 0.5,
      () => choose(random, [0, -0, -1, 1e308, -1e-308, 2 ** 53, 0.1, 999999999999999, 25]),
      () => randomText(random, 2000),
      () => choose(random, ['', 'true', 'NaN', '1e400', '__proto__', 'data:image/png;base64,AAAA', '-1', '2026-02-30']),
    ])();
  if (depth === 0) return leaf();
  const size = below(random, 4);
  return choose<() => unknown>(random, [
    leaf,
    leaf,
    () => Array.from({ length: size }, () => randomJson(random, depth - 1)),
    () =>
      Object.fromEntries(Array.from({ length: size }, () => [randomText(random, 20), randomJson(random, depth - 1)])),
  ])();
}

/** A body with some fields changed, taken away or added; as bytes, which may be damaged too. */
export function mutateJson(random: Random, body: Readonly<Record<string, unknown>>): Buffer {
  const changed: Record<string, unknown> = { ...body };
  for (let changes = 1 + below(random, 4); changes > 0; changes--) {
    const names = Object.keys(changed);
    const name = names[below(random, names.length)] ?? 'prompt';
    choose<() => void>(random, [
      () =>
        Object.defineProperty(changed, name, {
          value: randomJson(random),
          enumerable: true,
          writable: true,
          configurable: true,
        }),
      () => delete changed[name],
      () =>
        Object.defineProperty(changed, randomText(random, 12), {
          value: randomJson(random),
          enumerable: true,
          writable: true,
          configurable: true,
        }),
    ])();
  }
  const bytes = Buffer.from(JSON.stringify(changed));
  return random() < 0.3 ? mutateBytes(random, bytes) : bytes;
}
