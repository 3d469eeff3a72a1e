import { createEngineHost, EngineError, encodeImage } from '@easel/engine';
import express from 'express';

const model = await createEngineHost({ model: process.env.EASEL_MODEL ?? 'demo' });
const app = express();

app.get('/picture', async (request, reply) => {
  const { prompt } = request.query;
  if (typeof prompt !== 'string' || prompt === '') {
    reply.status(400).json({ error: 'prompt is missing: /picture?prompt=a%20red%20apple' });
    return;
  }
  const gone = new AbortController();
  reply.once('close', () => gone.abort());
  try {
    const { images } = await model.generate({ prompt }, { signal: gone.signal });
    for (const image of images) reply.type('png').end(await encodeImage(image, { format: 'png' }));
  } catch (error) {
    if (gone.signal.aborted) return;
    const isOurs = error instanceof EngineError;
    reply.status(isOurs && error.kind === 'invalid' ? 400 : 500).json({ error: isOurs ? error.message : 'it failed' });
  }
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  console.log(`listens on http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`);
});
process.once('SIGTERM', () => server.close(() => void model.close()));
