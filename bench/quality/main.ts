/**
 * What every mode costs in quality, with the embedded model: the same prompts and seeds as `exact` draws them, compared by MS-SSIM, PSNR and
 * CIEDE2000, and looked at by the judge of the adherence tests; beside it the share of the UNet's arithmetic that is left. Nothing is timed,
 * so the machine may be busy. Pictures are kept in .cache/quality, so that a run can be interrupted.
 *
 *   npm run bench:quality -- [--prompts 64] [--only NAME ...] [--set '{"cacheInterval":3,"steps":20}' ...] [--sheet FILE.jpg] [--save]
 *
 * --only measures some of the modes, --set others; --sheet draws the pictures that suffer most beside the exact ones; --save writes
 * bench/results/quality.json and quality.md.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  type DecodedPicture,
  drawSheet,
  type PictureDistance,
  pictureDistance,
  type SheetCell,
  summarizeDistances,
} from '../../packages/engine/src/index.ts';
import { share } from '../../tests/adherence/figures.ts';
import { Judge, type Verdict } from '../../tests/adherence/judge.ts';
import { type Question, readQuestions } from '../../tests/adherence/questions.ts';
import { writeResults } from '../support/results-file.ts';
import { type Asked, drawAll } from './drawings.ts';
import { type Mode, modes, nameOf } from './modes.ts';
import { shareOfSdxl } from './operations.ts';
import { markdown, type Row, tableRow } from './report.ts';

const { values } = parseArgs({
  options: {
    prompts: { type: 'string', default: '64' },
    only: { type: 'string', multiple: true },
    set: { type: 'string', multiple: true },
    sheet: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});

/** The embedded model's default. */
const STEPS = 25;

const { single, several } = await readQuestions();
const asked = evenly([...single, ...several], Number(values.prompts));
const judge = await Judge.open();
const exact = await drawAll({}, asked);
const exactVerdicts = await look(exact.pictures);
const suffering: SheetCell[] = [];
const rows: Row[] = [];
for (const mode of chosenModes()) {
  const row = await compare(mode);
  rows.push(row);
  console.log(tableRow(row));
}
await judge.close();
if (values.sheet !== undefined)
  await writeFile(values.sheet, await drawSheet(suffering, { columns: 6, side: 256 }, 'jpeg'));
if (values.save) {
  await writeResults('bench/results/quality.json', { prompts: asked.length, rows });
  await writeFile('bench/results/quality.md', markdown(asked.length, rows));
}

function chosenModes(): readonly Mode[] {
  const set = values.set?.map((text): Mode => {
    const { precision, steps, ...acceleration } = JSON.parse(text);
    return { name: nameOf(JSON.parse(text)), precision, steps, acceleration };
  });
  return set ?? modes.filter(({ name }) => values.only === undefined || values.only.includes(name));
}

async function compare({ name, ...options }: Mode): Promise<Row> {
  const { pictures, passes } = await drawAll(options, asked);
  const distances = pictures.map((picture, index) => pictureDistance(exact.pictures[index], picture));
  const order = distances
    .map((_, index) => index)
    .toSorted((a, b) => similarity(distances[a]) - similarity(distances[b]));
  for (const index of order.slice(0, 3)) {
    const { prompt } = asked[index];
    suffering.push({ picture: exact.pictures[index], label: prompt });
    suffering.push({ picture: pictures[index], label: `${name}: ${similarity(distances[index]).toFixed(3)}` });
  }
  const verdicts = await look(pictures);
  const same = verdicts.map((verdict, index) => verdict.seen === exactVerdicts[index].seen);
  return {
    mode: name,
    options,
    passes,
    arithmetic: passes ? shareOfSdxl(options.acceleration ?? {}, passes) : (options.steps ?? STEPS) / STEPS,
    ...summarizeDistances(distances),
    judge: {
      sameAsExact: share(same),
      objects: share(verdicts.map(({ objects }) => objects)),
      objectsInExact: share(exactVerdicts.map(({ objects }) => objects)),
    },
    worstPrompt: asked[order[0]].prompt,
  };
}

function similarity({ msSsim }: PictureDistance): number {
  return msSsim ?? 0;
}

function look(pictures: readonly DecodedPicture[]): Promise<readonly Verdict[]> {
  return Promise.all(pictures.map((picture, index) => judge.verdict(picture, asked[index])));
}

/** So many of the questions, from all kinds of them. */
function evenly(all: readonly Question[], count: number): readonly (Question & Asked)[] {
  return Array.from({ length: count }, (_, place) => {
    const index = Math.floor((place * all.length) / count);
    return { ...all[index], index };
  });
}
