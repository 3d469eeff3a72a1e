/** Makes one picture of 256×256 with the embedded model, its weights mapped, and prints by how many MB the process has grown at its peak. */
import { readFileSync } from 'node:fs';
import { demoModelPath } from '@easel/demo-model';
import { loadModel } from '../src/load-model.ts';

const model = await loadModel(demoModelPath, { weights: 'mapped', threads: 1, textCache: false });
const before = memory('VmRSS');
await model.generate({ prompt: 'a red apple', width: 256, height: 256, steps: 1, seed: 1 });
process.stdout.write(JSON.stringify({ grown: memory('VmHWM') - before }));

function memory(field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kibibytes) / 1024;
}
