/**
 * The body of a reply as it comes. Not every browser can loop over a stream by itself.
 *
 * @param onChunk told whenever something comes
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
    // Whoever stops reading closes the connection; one that broke off is closed already.
    await reader.cancel().catch(() => {});
  }
}
