import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { crc32, deflateRawSync } from 'node:zlib';
import { listen } from '../../../../tests/support/listening-server.ts';
import type { PinnedWheel } from '../../src/device/cuda-packages.ts';

/** A ZIP archive of these members, deflated. Names are written as they are. */
export function zipOf(members: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of members) {
    const packed = deflateRawSync(content, { level: 1 });
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4); // deflated
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const file = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed]);
    const ending = Buffer.alloc(14);
    ending.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, ending, Buffer.from(name));
    files.push(file);
    offset += file.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, list, end]);
}

export interface FakeWheel {
  readonly pin: PinnedWheel;
  readonly content: Buffer;
}

/** A small package with one library, which does not compress, a licence, and what else is asked for. */
export function wheelOf(name: string, libraryBytes = 300_000, others: Parameters<typeof zipOf>[0] = []): FakeWheel {
  const library = `nvidia/lib/lib${name}.so.13`;
  const notice = `${name}.dist-info/License.txt`;
  const bytes = Buffer.alloc(libraryBytes);
  for (let at = 0, value = 1; at < libraryBytes; at++) bytes[at] = value = (value * 75) % 65_537;
  const text = Buffer.from(`the licence of ${name}`);
  const content = zipOf([['unwanted.py', Buffer.from('x')], ...others, [library, bytes], [notice, text]]);
  const pin = {
    name,
    version: '1.0',
    file: `${name}-1.0-py3-none-manylinux_2_27_x86_64.whl`,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    licence: { name: `Licence of ${name}`, address: `https://example.com/${name}` },
    libraries: [library],
    notices: [notice],
    keptBytes: bytes.length + text.length,
  };
  return { pin, content };
}

/** Answers a request for a file in its own way. */
export type Serve = (wheel: FakeWheel, request: IncomingMessage, reply: ServerResponse) => void;

/** As static servers do: all of it, or the range that is asked for. */
export const serveWhole: Serve = ({ content }, request, reply) => {
  reply.end(beginReply(content, request, reply));
};

/** Sends this part of what is asked for, and then whatever `then` does. */
export function servePart(part: number, then: (reply: ServerResponse) => void): Serve {
  return ({ content }, request, reply) => {
    const asked = beginReply(content, request, reply);
    reply.write(asked.subarray(0, Math.floor(asked.length * part)), () => then(reply));
  };
}

/** Sends the head of a reply. @returns what is asked for */
function beginReply(content: Buffer, { headers }: IncomingMessage, reply: ServerResponse): Buffer {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  const asked = from === undefined ? content : content.subarray(Number(from), Number(to) + 1);
  const range = from !== undefined && { 'content-range': `bytes ${from}-${to}/${content.length}` };
  reply.writeHead(range ? 206 : 200, { 'content-length': asked.length, ...range });
  return asked;
}

export interface FakeIndex {
  readonly url: string;
  /** Method, path and the headers that matter of every request, in order. */
  readonly requests: { readonly path: string; readonly range?: string; readonly authorization?: string }[];
}

export interface FakeIndexOptions {
  /** How the files are served, one after another; the last for all that follow. */
  readonly serve?: readonly Serve[];
  /** Lists in HTML, which PEP 503 asks of every index, instead of JSON (PEP 691). */
  readonly html?: boolean;
  /** Where the list says that the files are; default: on the same server. */
  readonly filesAt?: string;
  /** What the list says that a file's SHA-256 is. */
  readonly listedHash?: string;
}

/** A package index on a real HTTP server of its own. */
export async function startIndex(wheels: readonly FakeWheel[], options: FakeIndexOptions = {}): Promise<FakeIndex> {
  const { serve = [serveWhole], html = false, filesAt = '../../files', listedHash } = options;
  const requests: FakeIndex['requests'] = [];
  let served = 0;
  const server = createServer((request, reply) => {
    const { url: path = '', headers } = request;
    const { range, authorization } = headers;
    requests.push({
      path,
      ...(range !== undefined && { range }),
      ...(authorization !== undefined && { authorization }),
    });
    const listed = wheels.find(({ pin }) => path === `/simple/${pin.name}/`);
    const wheel = wheels.find(({ pin }) => path === `/files/${pin.file}`);
    if (listed !== undefined) sendList(listed, reply);
    else if (wheel !== undefined) (serve[served++] ?? serve.at(-1) ?? serveWhole)(wheel, request, reply);
    else reply.writeHead(404).end('no such package');
  });
  const sendList = ({ pin: { file, sha256 } }: FakeWheel, reply: ServerResponse) => {
    const hash = listedHash ?? sha256;
    if (html) {
      const page = `<!DOCTYPE html><html><body><a href="${filesAt}/other.whl">other.whl</a><br/>
        <a data-requires-python="&gt;=3" href="${filesAt}/${file}#sha256=${hash}">${file}</a></body></html>`;
      reply.writeHead(200, { 'content-type': 'text/html' }).end(page);
      return;
    }
    const files = [{ filename: file, url: `${filesAt}/${file}`, hashes: { sha256: hash } }];
    reply.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' });
    reply.end(JSON.stringify({ meta: { 'api-version': '1.1' }, name: file, files }));
  };
  return { url: `${await listen(server)}/simple`, requests };
}
