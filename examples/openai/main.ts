import { writeFile } from 'node:fs/promises';
import OpenAI from 'openai';

const openai = new OpenAI({
  baseURL: `${process.env.EASEL_URL ?? 'http://127.0.0.1:8400'}/v1`,
  apiKey: process.env.EASEL_API_KEY,
  timeout: 3_600_000, // a large model on a processor takes longer than the ten minutes that the client waits by default
});

const { data } = await openai.images.generate({ model: 'playground-v2.5', prompt: 'a red apple on a blue background' });
for (const { b64_json: picture } of data ?? []) await writeFile('apple.png', Buffer.from(picture ?? '', 'base64'));
console.log('apple.png');
