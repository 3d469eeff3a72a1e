import { writeFile } from 'node:fs/promises';
import { EaselClient } from '@easel/client';

const [prompt = 'a red apple on a blue background'] = process.argv.slice(2);
const easel = new EaselClient({
  baseUrl: process.env.EASEL_URL ?? 'http://127.0.0.1:8400',
  apiKey: process.env.EASEL_API_KEY,
});
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const job = await easel.jobs.run(
  { prompt, seed: 7 },
  {
    signal: stop.signal,
    onEvent: ({ event, data }) => event === 'step' && console.log(`step ${data.index} of ${data.total}`),
  },
);
for (const { id, file_name: file } of job.images) {
  await writeFile(file, (await easel.images.get(id)).bytes);
  console.log(file);
}
console.log(`${job.price} credits, ${easel.remainingCredits} left`);
