import { writeFile } from 'node:fs/promises';
import axios from 'axios';

const server = process.env.EASEL_URL ?? 'http://127.0.0.1:8400';

const { data, headers } = await axios.post(
  `${server}/v1/playground-v2.5`,
  { prompt: 'a red apple on a blue background', num_inference_steps: 25, guidance_scale: 3, seed: 7, base64: false },
  { headers: { 'x-api-key': process.env.EASEL_API_KEY }, responseType: 'arraybuffer' },
);
await writeFile('apple.jpg', data);
console.log(`apple.jpg, seed ${headers['x-seed-value']}, ${headers['x-remaining-credits']} credits left`);
