/**
 * Draws the sheets of pictures that the docs show of the embedded model, none of them picked: every picture has the seed that
 * is written here.
 *
 *   npm run grids -- [--model FOLDER, default the embedded one] [--to FOLDER, default docs/images] [NAME ...]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawSheet, type GenerateRequest, loadModel, type SheetCell, type SheetLayout } from '@easel/engine';
import { demoModelPath } from '@easel/models';
import { grids } from './grids.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: demoModelPath },
    to: { type: 'string', default: 'docs/images' },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(grids);
const model = await loadModel(values.model);
await mkdir(values.to, { recursive: true });
for (const name of names) {
  const grid = grids[name];
  if (grid === undefined) throw new Error(`there is no grid ${name}; there are ${Object.keys(grids).join(', ')}`);
  await writeFile(join(values.to, `${name}.jpg`), await drawn(grid.cells, grid.layout));
}
await model.close();

async function drawn(
  cells: readonly { readonly label: string; readonly request: GenerateRequest }[],
  layout: SheetLayout,
) {
  const pictures: SheetCell[] = [];
  for (const { label, request } of cells) {
    const { images } = await model.generate(request);
    for (const picture of images) pictures.push({ picture, label });
  }
  return drawSheet(pictures, layout, 'jpeg');
}
