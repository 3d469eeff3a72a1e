/**
 * Draws what the benchmarks have written to bench/results, for docs/performance.md: SVG in docs/images. Results that are not there are left out.
 *
 *   npm run bench:plots [-- --scaling FILE.json] [--peers FILE.json]… [--output FOLDER]
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Results as PeerResults } from '../peers/report.ts';
import { peerChart } from './peers.ts';
import { scalingCharts } from './scaling.ts';

const { values } = parseArgs({
  options: {
    scaling: { type: 'string', default: 'bench/results/scaling.json' },
    peers: { type: 'string', multiple: true, default: ['bench/results/peers.json', 'bench/results/peers-vnni.json'] },
    output: { type: 'string', default: 'docs/images' },
  },
});

await mkdir(values.output, { recursive: true });
await draw(values.scaling, scalingCharts);
for (const file of values.peers) {
  await draw(file, (results: PeerResults) => ({ [`performance-${basename(file, '.json')}`]: peerChart(results) }));
}

async function draw<Results>(
  file: string,
  chartsOf: (results: Results) => Readonly<Record<string, string>>,
): Promise<void> {
  if (!existsSync(file)) return console.error(`there is no ${file}`);
  for (const [name, svg] of Object.entries(chartsOf(JSON.parse(await readFile(file, 'utf8'))))) {
    await writeFile(join(values.output, `${name}.svg`), svg);
    console.log(join(values.output, `${name}.svg`));
  }
}
