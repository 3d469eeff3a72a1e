/** Runs a chain of linear layers over mapped half-precision weights and prints the process's memory in MB, before and at its peak. */
import { readFileSync } from 'node:fs';
import { layersOver } from '../src/components/network.ts';
import type { Value } from '../src/onnx/graph-builder.ts';
import { cpu } from '../src/runtime/devices/cpu.ts';
import { commonFolder, createSession } from '../src/runtime/session.ts';
import { readSafetensors } from '../src/weights/safetensors.ts';

const [path = '', layers = '0', width = '0', weights = 'mapped'] = process.argv.slice(2);
const tensors = await readSafetensors(path);
const weightFolder = commonFolder([...tensors.values()].map(({ file }) => file));
const nn = layersOver(tensors, cpu, weightFolder)('chain');
const { graph } = nn;
let x: Value = graph.input('x', [1, Number(width)]);
for (let layer = 0; layer < Number(layers); layer++) x = nn.linear(x, `layer.${layer}`, Number(width), { bias: false });
graph.output('y', x);
const before = memory('VmRSS');
const session = await createSession(graph, cpu, {
  weightFolder,
  threads: 1,
  weights: weights === 'mapped' ? 'mapped' : 'resident',
});
await session.run({ x: { data: new Float32Array(Number(width)), shape: [1, Number(width)] } });
await session.run({ x: { data: new Float32Array(Number(width)), shape: [1, Number(width)] } });
process.stdout.write(JSON.stringify({ grown: memory('VmHWM') - before }));

function memory(field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kibibytes) / 1024;
}
