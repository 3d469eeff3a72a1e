/**
 * Measures how well the pictures of a model show what was asked for: 200 combinations of one object, background and style and
 * 100 of several objects, none of which it was trained on, at the default settings. Takes about fifteen minutes on two cores.
 *
 *   npm run adherence -- [--model FOLDER, default the embedded one] [--to FOLDER, default .cache/adherence]
 *                        [--single 200] [--several 100]
 *
 * Writes `adherence.json` and `adherence.jpg`, the first 64 pictures as they come.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DecodedPicture, drawSheet, loadModel } from '@easel/engine';
import { demoModelPath } from '@easel/models';
import { figuresOf, share } from './figures.ts';
import { Judge } from './judge.ts';
import { type Question, readQuestions, seedOf } from './questions.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: demoModelPath },
    to: { type: 'string', default: '.cache/adherence' },
    single: { type: 'string', default: '200' },
    several: { type: 'string', default: '100' },
  },
});
const questions = await readQuestions();
const single = questions.single.slice(0, Number(values.single));
const several = evenly(questions.several, Number(values.several));
const asked = [...single, ...several];
const model = await loadModel(values.model);
const judge = await Judge.open();
const pictures: DecodedPicture[] = [];
for (const [index, { prompt }] of asked.entries()) {
  const { images } = await model.generate({ prompt, seed: seedOf(index) });
  pictures.push(...images);
  if (process.stderr.isTTY) process.stderr.write(`\r${index + 1} of ${asked.length} pictures`);
}
const look = (all: readonly Question[], of: readonly DecodedPicture[]) =>
  Promise.all(all.map((question, index) => judge.verdict(of[index] ?? nothing(), question)));
const verdicts = await look(asked, pictures);
const adherence = figuresOf(verdicts.slice(0, single.length), verdicts.slice(single.length));
// What a model would reach that ignores its prompt: each picture is held against the next one's prompt.
const strangers = await look([...single.slice(1), ...single.slice(0, 1)], pictures);
const control = {
  object: share(strangers.map(({ objects }) => objects)),
  background: share(strangers.map(({ background }) => background)),
  style: share(strangers.map(({ style }) => style)),
};
const wrong = verdicts.flatMap(({ seen, objects, background, style, kind }, index) =>
  objects && background !== false && style && kind ? [] : [`${index}: ${asked[index]?.prompt} -> ${seen}`],
);
await mkdir(values.to, { recursive: true });
const report = { model: values.model, single: single.length, several: several.length, adherence, control, wrong };
await writeFile(join(values.to, 'adherence.json'), `${JSON.stringify(report, null, 1)}\n`);
const cells = pictures.slice(0, 64).map((picture, index) => ({ picture, label: asked[index]?.prompt ?? '' }));
await writeFile(join(values.to, 'adherence.jpg'), await drawSheet(cells, { columns: 8, side: 144 }, 'jpeg'));
console.log(JSON.stringify({ adherence, control }, null, 1));
await Promise.all([judge.close(), model.close()]);

/** As many of the pairs as of the counts, which are the two halves of the list. */
function evenly(all: readonly Question[], count: number): Question[] {
  const half = all.length / 2;
  return [...all.slice(0, Math.ceil(count / 2)), ...all.slice(half, half + Math.floor(count / 2))];
}

function nothing(): never {
  throw new Error('a question has no picture');
}
