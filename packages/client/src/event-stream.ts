/** One message in a stream of server-sent events. */
export interface StreamMessage {
  readonly event: string;
  readonly data: string;
  /** The id of the last message that had one. */
  readonly lastEventId: string;
}

export interface StreamNotices {
  /** The reconnection time in milliseconds that the server asks for. */
  readonly retry?: (ms: number) => void;
  /** The last event id of a block without data. */
  readonly id?: (id: string) => void;
}

/**
 * Reads a stream of server-sent events (WHATWG HTML standard §9.2.6): lines end with CR, LF or both, a byte order mark
 * at the start is skipped, a blank line ends a message, and an incomplete message at the end of the stream is dropped.
 *
 * @param notices called for anything besides messages
 */
export async function* readEventStream(
  chunks: AsyncIterable<Uint8Array>,
  { retry = () => {}, id = () => {} }: StreamNotices = {},
): AsyncGenerator<StreamMessage, void, undefined> {
  let event = '';
  let data: string[] = [];
  let lastEventId = '';
  for await (const line of linesOf(chunks)) {
    if (line === '') {
      if (data.length === 0)
        id(lastEventId); // still moves the position to resume from
      else yield { event: event === '' ? 'message' : event, data: data.join('\n'), lastEventId };
      event = '';
      data = [];
      continue;
    }
    const [field, value] = parseField(line);
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id' && !value.includes('\0')) lastEventId = value;
    else if (field === 'retry' && /^\d+$/.test(value)) retry(Number(value));
  }
}

/** A comment, which is a line that starts with a colon, is a field without a name. */
function parseField(line: string): [field: string, value: string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(); // skips a byte order mark
  let rest = '';
  let endedWithCr = false;
  for await (const chunk of chunks) {
    let text = decoder.decode(chunk, { stream: true });
    if (text === '') continue;
    // The LF of a CR LF that was split between chunks does not end another line.
    if (endedWithCr && text.startsWith('\n')) text = text.slice(1);
    endedWithCr = text === '' ? false : text.endsWith('\r');
    const lines = `${rest}${text}`.split(/\r\n|\r|\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/**
 * The body of a reply, chunk by chunk. Not every browser supports async iteration of streams.
 *
 * @param onChunk called for every chunk
 */
export async function* chunksOf(reply: Response, onChunk: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = reply.body?.getReader();
  if (reader === undefined) return;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      onChunk();
      yield part.value;
    }
  } finally {
    // Closes the connection when the caller stops reading; a lost one is closed already.
    await reader.cancel().catch(() => {});
  }
}
