import { writeFile } from 'node:fs/promises';
import { createEngineHost, encodeImage } from '@easel/engine';

// The engine runs in a child process: this one stays free, a run can be cancelled, a crash is an error of one call.
const model = await createEngineHost({ model: process.env.EASEL_MODEL ?? 'demo' });
const { images } = await model.generate(
  { prompt: 'a red apple on a blue background', seed: 7 },
  { onStep: ({ index, total }) => console.log(`step ${index} of ${total}`) },
);
for (const image of images) await writeFile('apple.png', await encodeImage(image, { format: 'png' }));
await model.close();
console.log('apple.png');
