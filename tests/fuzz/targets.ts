import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { isCodedError } from '@easel/errors';
import sharp from 'sharp';
import { loadTokenizers } from '../../packages/engine/src/load-tokenizers.ts';
import { readSafetensorsFile } from '../../packages/engine/src/weights/safetensors.ts';
import { type EaselServer, serveEasel } from '../support/easel-server.ts';
import { choose, mutateBytes, mutateJson, type Random, randomText } from './mutate.ts';

/** One way in, and one case of what comes in by it. */
export interface Target {
  readonly name: string;
  /** Sends one case. @returns what came of it, in a word or two @throws Error for what must never happen */
  run(random: Random): Promise<string>;
}

/** Nothing may take longer, on a machine that has nothing else to do; tests allow more. */
export const HANG_MS = 1000;
/** A reply that has not come by then never will, on however busy a machine. */
const NEVER_MS = 300_000;
/** Of the server, whatever it was sent. */
const MOST_MEMORY = 1_500_000_000;

/**
 * A server that takes jobs and runs none, with the targets that send to it, and those of the engine.
 *
 * @param synchronous whether calls are among them that wait for a picture, each for a second when it is accepted
 */
export async function openTargets({
  synchronous,
}: {
  readonly synchronous: boolean;
}): Promise<{ readonly targets: readonly Target[]; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-fuzz-'));
  const server = await serveEasel({
    env: {
      EASEL_WORKER_ENABLED: 'false',
      EASEL_LIMITS_REQUESTS_PER_MINUTE: '1000000',
      EASEL_LIMITS_QUEUED_PER_ACCOUNT: '1000000',
      EASEL_LIMITS_QUEUE_LENGTH: '1000000',
    },
  });
  const targets = [
    jsonTarget(server, synchronous),
    multipartTarget(server, synchronous),
    await pictureTarget(server),
    await safetensorsTarget(folder),
    await tokenizerTarget(),
  ];
  return {
    targets,
    async close() {
      await checkMemory(server);
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Bodies of every route that makes pictures or counts tokens. */
function jsonTarget(server: EaselServer, synchronous: boolean): Target {
  const job = {
    prompt: 'a red fox',
    negative_prompt: 'blurry',
    seed: 7,
    num_inference_steps: 25,
    guidance_scale: 3,
    width: 128,
    height: 128,
    samples: 1,
    scheduler: 'edm_dpmpp_2m',
    image: null,
    strength: 0.5,
  };
  const first: readonly [string, Record<string, unknown>] = ['/api/jobs', job];
  const bodies: readonly [
    readonly [string, Record<string, unknown>],
    ...(readonly [string, Record<string, unknown>])[],
  ] = [
    first,
    ['/api/tokenize', { text: 'a red fox', model: 'playground-v2.5' }],
    ['/v2/playground-v2.5', job],
    ['/v1/playground-v2.5', { ...job, base64: true }],
    ['/v1/images/generations', { prompt: 'a red fox', size: '128x128', n: 1, response_format: 'b64_json' }],
  ];
  return {
    name: 'JSON bodies',
    async run(random) {
      const [path, body] = choose(
        random,
        synchronous ? bodies : [first, ...bodies.filter(([path]) => !isWaiting(path))],
      );
      const sent = random() < 0.2 ? Buffer.from(JSON.stringify(body)) : mutateJson(random, body);
      return send(server, path, 'application/json', sent);
    },
  };
}

/** Forms that are whole, and forms that are not; one has a picture that is none. */
function multipartTarget(server: EaselServer, synchronous: boolean): Target {
  const field = (name: string, value: string, more = '') =>
    `--easel\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
  const texts = `${field('prompt', 'a fox')}${field('seed', '1')}${field('num_inference_steps', '20')}`;
  const picture = field('image', '1', '; filename="a.png"\r\ncontent-type: image/png');
  const forms = [`${texts}--easel--\r\n`, `${texts}${picture}--easel--\r\n`] as const;
  return {
    name: 'multipart bodies',
    run: (random) => {
      const path = choose(random, ['/api/jobs', '/v2/playground-v2.5', ...(synchronous ? ['/v1/images/edits'] : [])]);
      const boundary = random() < 0.9 ? 'easel' : randomText(random, 80).replaceAll(/[^\u0020-\u007e]/g, '');
      const bytes = Buffer.from(choose(random, forms));
      const body = random() < 0.3 ? bytes : mutateBytes(random, bytes);
      return send(server, path, `multipart/form-data; boundary=${boundary}`, body);
    },
  };
}

async function pictureTarget(server: EaselServer): Promise<Target> {
  const picture = sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
      background: 'red',
    },
  });
  const files = await Promise.all([
    picture.clone().png().toBuffer(),
    picture.clone().png({ progressive: true, palette: true }).toBuffer(),
    picture
      .clone()
      .jpeg()
      .withExif({ IFD0: { Software: 'Easel' } })
      .toBuffer(),
    picture.clone().webp().toBuffer(),
    picture.clone().webp({ lossless: true }).toBuffer(),
  ]);
  return {
    name: 'uploaded pictures',
    async run(random) {
      const file = mutateBytes(random, files[Math.floor(random() * files.length)] ?? Buffer.alloc(0));
      const body = { prompt: 'a fox', image: file.toString('base64'), strength: 0.5, num_inference_steps: 20 };
      return send(server, '/api/jobs', 'application/json', Buffer.from(JSON.stringify(body)));
    },
  };
}

const isWaiting = (path: string) => path.startsWith('/v1/');

/** Sends a request. What was accepted is cancelled, so that credits are never used up. @throws Error for a status of 500 or more, and no reply */
async function send(server: EaselServer, path: string, type: string, body: Buffer): Promise<string> {
  const headers = { 'x-api-key': server.devKey, 'content-type': type };
  // A call that is accepted waits for a worker, of which there is none.
  const waits = isWaiting(path);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), waits ? HANG_MS : NEVER_MS);
  try {
    const reply = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
      signal: patience.signal,
    });
    const text = await reply.text();
    if (reply.status >= 500 && reply.status !== 503)
      throw new Error(`${path} answered ${reply.status} to ${body.toString('base64')}: ${text}`);
    if (reply.status === 202) await cancel(server, text);
    return String(reply.status);
  } catch (error) {
    if (waits && patience.signal.aborted) return 'accepted';
    throw new Error(`${path} gave no reply to ${body.toString('base64')}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function cancel(server: EaselServer, reply: string): Promise<void> {
  const { id, request_id: requestId = id }: { id?: string; request_id?: string } = JSON.parse(reply);
  await fetch(`${server.url}/api/jobs/${requestId}`, { method: 'DELETE', headers: { 'x-api-key': server.devKey } });
}

/** Headers of weights: lengths, offsets, types and shapes that lie. */
async function safetensorsTarget(folder: string): Promise<Target> {
  const file = join(folder, 'model.safetensors');
  const header = {
    __metadata__: { format: 'pt' },
    weight: { dtype: 'F16', shape: [4, 4], data_offsets: [0, 32] },
    bias: { dtype: 'F32', shape: [4], data_offsets: [32, 48] },
  };
  const build = (text: Buffer) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return Buffer.concat([length, text, Buffer.alloc(48)]);
  };
  return {
    name: 'safetensors headers',
    async run(random) {
      const text = random() < 0.5 ? mutateJson(random, header) : Buffer.from(JSON.stringify(header));
      const whole = build(text);
      await writeFile(file, random() < 0.7 ? mutateBytes(random, whole) : whole);
      try {
        const { tensors, size } = await readSafetensorsFile(file);
        for (const { offset, byteLength } of tensors.values())
          if (!(offset >= 0 && byteLength >= 0 && offset + byteLength <= size))
            throw new Error('a tensor outside its file');
        return 'read';
      } catch (error) {
        if (isCodedError(error)) return error.code;
        throw new Error(`not an error of the catalogue for ${(await readFile(file)).toString('base64')}`, {
          cause: error,
        });
      }
    },
  };
}

/** Texts of up to a megabyte, in which every Unicode plane and lone surrogates occur. */
async function tokenizerTarget(): Promise<Target> {
  const { tokenize } = await loadTokenizers(demoModelPath);
  return {
    name: 'texts of the tokenizer',
    async run(random) {
      const text = randomText(random, 1_000_000);
      const syntax = { promptWeighting: random() < 0.3, longPrompts: random() < 0.3 };
      let encoded: ReturnType<typeof tokenize>;
      try {
        encoded = tokenize(text, syntax);
      } catch (error) {
        if (isCodedError(error) && error.code === 'invalid_request') return 'refused';
        throw error;
      }
      for (const { ids, count, limit } of encoded) {
        if (ids.length > limit || ids.length > count)
          throw new Error(`${ids.length} of ${count} tokens for ${JSON.stringify(text.slice(0, 2000))}`);
        if (ids.some((id) => !(Number.isInteger(id) && id >= 0 && id < 49_408)))
          throw new Error(`no token for ${JSON.stringify(text.slice(0, 2000))}`);
      }
      return 'tokens';
    },
  };
}

async function checkMemory({ process: { pid } }: EaselServer): Promise<void> {
  if (process.platform !== 'linux') return;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  if (!(bytes < MOST_MEMORY)) throw new Error(`the server took ${bytes} bytes of memory`);
}
