import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { listen } from '../../../tests/support/listening-server.ts';

/** What a repository holds at one commit: path → content. */
export type Files = Readonly<Record<string, Buffer>>;

export interface FakeRepo {
  readonly commits: Readonly<Record<string, Files>>;
  /** The commit of `main`; a test may move it. */
  main: string;
  readonly card?: Readonly<Record<string, unknown>>;
  readonly gated?: 'auto' | 'manual';
}

/** A request that arrived, in order. */
export interface Asked {
  readonly at: 'hub' | 'store';
  readonly path: string;
  readonly range?: string;
  readonly authorization?: string;
}

/** Answers a request in its own way. @returns whether it did; otherwise the server answers as it always does */
export type Answer = (request: IncomingMessage, reply: ServerResponse, content: Buffer) => boolean;

export interface FakeHub {
  readonly url: string;
  readonly asked: Asked[];
  /** Before anything that the Hub itself answers. */
  onHub: Answer;
  /** Before the store sends a file. */
  onStore: Answer;
  /** Replaces the list of files that the Hub sends. */
  listed: (files: readonly object[]) => unknown;
}

/** What is larger is kept in the store, as with Git LFS. */
const LFS_BYTES = 2000;

/** Registers what is done when a test, or a file of tests, is over. */
type AtEnd = (end: () => Promise<void>) => void;

/** A Hub and the store that it redirects to, on two real HTTP servers of their own, until the test is over. */
export async function startHub(
  repos: Readonly<Record<string, FakeRepo>>,
  atEnd: AtEnd = onTestFinished,
): Promise<FakeHub> {
  const links = new Map<string, Buffer>();
  const asked: Asked[] = [];
  const note = (at: Asked['at'], { url: path = '', headers: { range, authorization } }: IncomingMessage) =>
    asked.push({
      at,
      path,
      ...(range !== undefined && { range }),
      ...(authorization !== undefined && { authorization }),
    });
  const storeServer = createServer((request, reply) => {
    note('store', request);
    const content = links.get(request.url ?? '');
    if (content === undefined) return void reply.writeHead(403).end('the link has expired');
    if (!hub.onStore(request, reply, content)) sendContent(request, reply, content);
  });
  const store = await listen(storeServer, atEnd);
  const hubServer = createServer((request, reply) => {
    note('hub', request);
    if (hub.onHub(request, reply, Buffer.alloc(0))) return;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://hub');
    const [, repo = '', action = '', revision = '', rest = ''] =
      /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+)\/?(.*)$/.exec(pathname) ?? [];
    const found = repos[repo];
    if (found === undefined) return void reply.writeHead(401, { 'x-error-code': 'RepoNotFound' }).end();
    const commit = revision === 'main' ? found.main : revision;
    const files = found.commits[commit];
    if (files === undefined) return void reply.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
    if (action === 'revision') return sendJson(reply, infoOf(repo, commit, found));
    if (action === 'tree')
      return sendTree(reply, files, Number(searchParams.get('cursor') ?? 0), `${hubUrl()}${pathname}`);
    const content = files[decodeURIComponent(rest)];
    if (content === undefined) return void reply.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    const { oid, lfs } = entryOf('', content);
    reply.setHeader('x-repo-commit', commit).setHeader('etag', `"${oid}"`);
    if (lfs === undefined) return sendContent(request, reply, content);
    reply.setHeader('x-linked-etag', `"${lfs.oid}"`).setHeader('x-linked-size', content.length);
    const link = `/${sha256(content)}?expires=${randomBytes(8).toString('hex')}`;
    links.set(link, content);
    reply.writeHead(302, { location: `${store}${link}` }).end();
  });
  const url = await listen(hubServer, atEnd);
  const hubUrl = () => url;
  const sendTree = (reply: ServerResponse, files: Files, cursor: number, address: string) => {
    const all = Object.entries(files).map(([path, content]) => entryOf(path, content));
    const page = hub.listed(all.slice(cursor, cursor + 5));
    const isMore = cursor + 5 < all.length;
    if (isMore) reply.setHeader('link', `<${address}?recursive=true&cursor=${cursor + 5}>; rel="next"`);
    sendJson(reply, page);
  };
  const hub: FakeHub = { url, asked, onHub: () => false, onStore: () => false, listed: (files) => files };
  return hub;
}

/** As static servers do: all of it, or the range that is asked for. */
function sendContent({ headers }: IncomingMessage, reply: ServerResponse, content: Buffer): void {
  const { part, range } = partOf(headers.range, content);
  const isPart = headers.range !== undefined;
  reply.writeHead(isPart ? 206 : 200, { 'content-length': part.length, ...(isPart && { 'content-range': range }) });
  reply.end(part);
}

/** What a request asks for, and how a reply says so. */
function partOf(header: string | undefined, content: Buffer): { readonly part: Buffer; readonly range: string } {
  const [, from = '0', to = String(content.length - 1)] = /^bytes=(\d+)-(\d+)$/.exec(header ?? '') ?? [];
  return { part: content.subarray(Number(from), Number(to) + 1), range: `bytes ${from}-${to}/${content.length}` };
}

/** Sends the head and this much of what is asked for, and then whatever `then` does. */
export function sendSome(bytes: number, then: (reply: ServerResponse) => void): Answer {
  return ({ headers }, reply, content) => {
    const { part, range } = partOf(headers.range, content);
    reply.writeHead(206, { 'content-length': part.length, 'content-range': range });
    reply.write(part.subarray(0, bytes), () => then(reply));
    return true;
  };
}

function infoOf(repo: string, commit: string, { card = {}, gated = undefined }: FakeRepo) {
  return {
    _id: '1',
    id: repo,
    sha: commit,
    private: false,
    gated: gated ?? false,
    downloads: 1,
    likes: 1,
    lastModified: '2024-01-01T00:00:00.000Z',
    cardData: card,
  };
}

function entryOf(path: string, content: Buffer) {
  const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  const lfs = { oid: sha256(content), size: content.length, pointerSize: 134 };
  return { type: 'file', path, size: content.length, oid, lfs: content.length > LFS_BYTES ? lfs : undefined };
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function sendJson(reply: ServerResponse, value: unknown): void {
  reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** Content that does not repeat itself. */
export function content(bytes: number): Buffer {
  return randomBytes(bytes);
}

/** A model in the layout of diffusers, with much that the engine does not need. */
export function diffusersFiles(weightBytes = 100_000): Files {
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const parts = ['text_encoder', 'text_encoder_2', 'unet', 'vae'];
  const stem = (part: string) => (part.startsWith('text') ? 'model' : 'diffusion_pytorch_model');
  return Object.fromEntries([
    ['README.md', Buffer.from('---\nlicense: openrail++\n---\n# A model')],
    ['LICENSE.md', Buffer.from('the licence')],
    ['.gitattributes', Buffer.from('*.safetensors filter=lfs')],
    ['model_index.json', json({ _class_name: 'StableDiffusionXLPipeline' })],
    ['model.fp16.safetensors', content(3000)],
    ['sd_xl.safetensors', content(3000)],
    ['teaser.png', content(3000)],
    ['scheduler/scheduler_config.json', json({ _class_name: 'EulerDiscreteScheduler' })],
    ...['tokenizer', 'tokenizer_2'].flatMap((part) => [
      [`${part}/vocab.json`, json({ a: 0 })],
      [`${part}/merges.txt`, Buffer.from('#version: 0.2')],
      [`${part}/tokenizer_config.json`, json({ part })],
      [`${part}/special_tokens_map.json`, json({})],
    ]),
    ...parts.flatMap((part) => [
      [`${part}/config.json`, json({ part })],
      [`${part}/${stem(part)}.fp16.safetensors`, content(weightBytes)],
      [`${part}/${stem(part)}.safetensors`, content(weightBytes * 2)],
      [`${part}/${stem(part)}.bin`, content(3000)],
      [`${part}/model.onnx`, content(3000)],
      [`${part}/openvino_model.bin`, content(3000)],
    ]),
  ]);
}
