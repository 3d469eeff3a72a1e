import { setTimeout as sleep } from 'node:timers/promises';
import { EaselClient } from '@easel/client';

/** What a client that waited was told in the end. */
export type Answer =
  | { readonly kind: 'reply'; readonly status: number; readonly jobId: string; readonly text: string }
  /** The connection broke off. Keyed: the client can ask again. */
  | { readonly kind: 'cut'; readonly keyed: boolean };

export interface Calling {
  /** Changes when the server is started anew. */
  readonly url: () => string;
  readonly key: string;
  /** By which the job is found again. */
  readonly seed: number;
}

interface Caller {
  readonly name: string;
  readonly call: (calling: Calling) => Promise<Answer>;
}

const v1 = '/v1/playground-v2.5';
const picture = { prompt: 'a red apple', num_inference_steps: 30, img_width: 96, img_height: 96 };
const openai = { prompt: 'a red apple', num_inference_steps: 30, size: '96x96' };
const giveUpMs = 240_000;

/** A client of every surface on which one can wait. */
export const callers: readonly Caller[] = [
  { name: 'v1 base64', call: (calling) => post(calling, v1, { ...picture, base64: true }) },
  { name: 'v1 file', call: (calling) => post(calling, v1, { ...picture, base64: false }) },
  { name: 'OpenAI', call: (calling) => post(calling, '/v1/images/generations', openai) },
  { name: 'OpenAI stream', call: stream },
  { name: 'v1 with a key', call: keyed },
  { name: 'v2', call: polling },
  { name: 'jobs and events', call: following },
];

async function post(
  { url, key, seed }: Calling,
  path: string,
  body: object,
  own: Record<string, string> = {},
): Promise<Answer> {
  try {
    const reply = await fetch(`${url()}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json', ...own },
      body: JSON.stringify({ ...body, seed }),
    });
    const bytes = Buffer.from(await reply.arrayBuffer());
    const jobId = reply.headers.get('x-request-id') ?? '';
    return { kind: 'reply', status: reply.status, jobId, text: reply.ok ? '' : bytes.toString() };
  } catch {
    return { kind: 'cut', keyed: false };
  }
}

/** The last event counts in place of the status, which is sent before. */
async function stream({ url, key, seed }: Calling): Promise<Answer> {
  try {
    const reply = await fetch(`${url()}/v1/images/generations`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ ...openai, seed, stream: true, partial_images: 1 }),
    });
    const text = await reply.text();
    const jobId = reply.headers.get('x-request-id') ?? '';
    if (!reply.ok) return { kind: 'reply', status: reply.status, jobId, text };
    if (text.includes('event: image_generation.completed')) return { kind: 'reply', status: 200, jobId, text: '' };
    if (!text.includes('event: error')) return { kind: 'cut', keyed: false };
    const status = text.includes('"code":"overloaded"') ? 503 : 500;
    return { kind: 'reply', status, jobId, text };
  } catch {
    return { kind: 'cut', keyed: false };
  }
}

/** Sends the same again until it is answered, as a careful client does. */
async function keyed(calling: Calling): Promise<Answer> {
  const deadline = Date.now() + giveUpMs;
  for (;;) {
    const answer = await post(calling, v1, picture, { 'idempotency-key': `waiting ${calling.seed}` });
    if (answer.kind === 'reply' && answer.status !== 503) return answer;
    if (Date.now() > deadline) return { kind: 'cut', keyed: true };
    await sleep(500);
  }
}

async function polling(calling: Calling): Promise<Answer> {
  const submitted = await post(calling, '/v2/playground-v2.5', picture);
  if (submitted.kind === 'cut') return { kind: 'cut', keyed: true };
  if (submitted.status !== 200) return submitted;
  const { jobId } = submitted;
  const deadline = Date.now() + giveUpMs;
  for (;;) {
    const reply = await fetch(`${calling.url()}/v2/requests/${jobId}`, { headers: { 'x-api-key': calling.key } }).catch(
      () => null,
    );
    const text = (await reply?.text().catch(() => '')) ?? '';
    if (text.includes('"COMPLETED"')) return { kind: 'reply', status: 200, jobId, text: '' };
    if (text.includes('"FAILED"')) return { kind: 'reply', status: 422, jobId, text };
    if (reply !== null && reply.status >= 400 && reply.status !== 503)
      return { kind: 'reply', status: reply.status, jobId, text };
    if (Date.now() > deadline) return { kind: 'cut', keyed: true };
    await sleep(250);
  }
}

/** The end of the job is heard on the stream of all jobs, which is resumed by hand where the server has moved. */
async function following({ url, key, seed }: Calling): Promise<Answer> {
  const client = () => new EaselClient({ baseUrl: url(), apiKey: key });
  const deadline = Date.now() + giveUpMs;
  let jobId = '';
  let lastEventId: string | undefined;
  while (Date.now() < deadline) {
    try {
      if (jobId === '')
        jobId = (await client().jobs.create({ ...picture, seed }, { idempotencyKey: `following ${seed}` })).id;
      const { status } = await client().jobs.get(jobId);
      if (status === 'succeeded') return { kind: 'reply', status: 200, jobId, text: '' };
      const signal = AbortSignal.timeout(Math.max(1, deadline - Date.now()));
      for await (const { event, data, ...place } of client().events({ lastEventId, patienceMs: 2000, signal })) {
        lastEventId = place.lastEventId === '' ? lastEventId : place.lastEventId;
        if (data.job.id !== jobId) continue;
        if (event === 'succeeded') return { kind: 'reply', status: 200, jobId, text: '' };
        if (event === 'failed' || event === 'cancelled') return { kind: 'reply', status: 422, jobId, text: event };
      }
    } catch {
      await sleep(500); // the server is away, or has moved to another port
    }
  }
  return { kind: 'cut', keyed: true };
}
