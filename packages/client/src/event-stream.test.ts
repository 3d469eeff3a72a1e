import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEventStream, type StreamMessage } from './event-stream.ts';

const encoder = new TextEncoder();

async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const place of [...places, bytes.length]) {
    yield bytes.subarray(from, place);
    from = place;
  }
}

async function read(
  text: string,
  cuts: readonly number[] = [],
  onRetry?: (ms: number) => void,
): Promise<StreamMessage[]> {
  const messages: StreamMessage[] = [];
  const notices = onRetry ? { retry: onRetry } : {};
  for await (const message of readEventStream(inPieces(encoder.encode(text), cuts), notices)) messages.push(message);
  return messages;
}

test('a message has a name, lines of data and the last id', async () => {
  expect(await read('id: 7\nevent: step\ndata: {"a":1}\n\ndata: b\ndata:  c\n\n')).toEqual([
    { event: 'step', data: '{"a":1}', lastEventId: '7' },
    { event: 'message', data: 'b\n c', lastEventId: '7' },
  ]);
});

test.each([
  ['comments', ': heartbeat\n\ndata: a\n\n', ['a']],
  ['a field without a colon', 'data\n\n', ['']],
  ['unknown fields', 'colour: red\ndata: a\n\n', ['a']],
  ['a byte order mark', '\uFEFFdata: a\n\n', ['a']],
  ['a message without data', 'event: a\n\ndata: b\n\n', ['b']],
  ['a message that is cut short', 'data: a\n\ndata: b\n', ['a']],
  ['no stream at all', '', []],
])('%s', async (_of, text, expected) => {
  expect((await read(text)).map(({ data }) => data)).toEqual(expected);
});

test('an id with U+0000 is ignored, an empty one clears it', async () => {
  const messages = await read('id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid\ndata: c\n\n');
  expect(messages.map(({ lastEventId }) => lastEventId)).toEqual(['1', '1', '']);
});

test('the pause that the server asks for is told, digits only', async () => {
  const pauses: number[] = [];
  await read('retry: 1500\nretry: soon\nretry: -1\n\n', [], (ms) => pauses.push(ms));
  expect(pauses).toEqual([1500]);
});

test('however the bytes are cut and the lines are ended, the messages are the same', async () => {
  const message = fc.record({
    event: fc.constantFrom('queued', 'step', 'succeeded'),
    data: fc.array(
      fc.string({ unit: 'grapheme' }).filter((line) => !/[\r\n]/.test(line)),
      { minLength: 1, maxLength: 3 },
    ),
    id: fc.nat(),
  });
  const ending = fc.constantFrom('\n', '\r', '\r\n');
  await fc.assert(
    fc.asyncProperty(fc.array(message), ending, fc.array(fc.nat(), { maxLength: 40 }), async (sent, end, cuts) => {
      const text = sent
        .map(({ event, data, id }) =>
          [`event: ${event}`, `id: ${id}`, ...data.map((line) => `data: ${line}`), '', ''].join(end),
        )
        .join('');
      const expected = sent.map(({ event, data, id }) => ({ event, data: data.join('\n'), lastEventId: String(id) }));
      expect(await read(text, cuts)).toEqual(expected);
    }),
  );
});
