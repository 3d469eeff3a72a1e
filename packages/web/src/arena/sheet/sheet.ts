import type { Image, Job, JobCreate } from '@easel/contract';
import { randomId } from '../../browser.ts';
import { pathOf } from '../../files/picture-file.ts';
import { jobOf, type Settings } from '../../settings/settings.ts';
import type { Side, Study } from '../study.ts';
import { type Axis, labelOf, withValue } from './axes.ts';

export interface Cell {
  /** Once it has succeeded. */
  readonly job?: Job;
  /** Why there is no picture. */
  readonly failure?: string;
}

/** Pictures of the same settings but for two of them: one varies by column, the other by row. */
export interface Sheet {
  readonly id: string;
  /** With one seed for all cells. */
  readonly base: Settings;
  readonly x: Axis;
  readonly y: Axis;
  /** Row by row. */
  readonly cells: readonly Cell[];
  /** Whether its missing pictures are not to be made. */
  readonly isStopped: boolean;
}

const STORED = 'easel.sheet';

export function newSheet(base: Settings, x: Axis, y: Axis): Sheet {
  const cells = Array.from({ length: x.values.length * y.values.length }, (): Cell => ({}));
  return { id: randomId(), base, x, y, cells, isStopped: false };
}

export function settingsOfCell({ base, x, y }: Pick<Sheet, 'base' | 'x' | 'y'>, index: number): Settings {
  const row = Math.floor(index / x.values.length);
  const column = index % x.values.length;
  // The part of the prompt that is searched for is that of the typed prompt, whichever side it is on.
  return withValue(withValue(base, x, column), y, row);
}

export function jobOfCell(sheet: Sheet, index: number): JobCreate {
  const { preview: _, ...job } = jobOf({ ...settingsOfCell(sheet, index), samples: 1 });
  return { ...job, image_format: 'png' };
}

/** For people: what of the base settings this cell has. */
export function titleOfCell({ x, y }: Pick<Sheet, 'x' | 'y'>, index: number): string {
  const labels = [labelOf(x, index % x.values.length), labelOf(y, Math.floor(index / x.values.length))];
  return labels.filter((label) => label !== '').join(', ');
}

export function updateCell(sheet: Sheet, index: number, cell: Cell): Sheet {
  return { ...sheet, cells: sheet.cells.map((each, place) => (place === index ? cell : each)) };
}

export function isMissing({ job, failure }: Cell): boolean {
  return job === undefined && failure === undefined;
}

/** The sheet after a job of it was changed, or its picture deleted. */
export function withJob(sheet: Sheet, job: Job): Sheet {
  const after: Cell = job.images.length === 0 ? { failure: 'The picture was deleted.' } : { job };
  return { ...sheet, cells: sheet.cells.map((cell) => (cell.job?.id === job.id ? after : cell)) };
}

/** The same, to go on with. */
export function withoutFailures(sheet: Sheet): Sheet {
  const cells = sheet.cells.map((cell) => (cell.job === undefined ? {} : cell));
  return { ...sheet, cells, isStopped: false };
}

export function imageOf(cell: Cell | undefined): Image | undefined {
  return cell?.job?.images[0];
}

/** Two cells as a study of one pair, whose pictures are there already: for a blind vote. */
export function studyOfCells(sheet: Sheet, first: number, second: number): Study | undefined {
  const [a, b] = [imageOf(sheet.cells[first]), imageOf(sheet.cells[second])];
  if (a === undefined || b === undefined) return undefined;
  const settings = settingsOfCell(sheet, first);
  const isAFirst = ((crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) & 1) === 0;
  const pair = { prompt: settings.prompt, seed: a.seed, isAFirst, a: pathOf(a.url), b: pathOf(b.url) };
  return {
    id: randomId(),
    a: sideOf(sheet, first),
    b: sideOf(sheet, second),
    pairs: [pair],
    isRevealed: false,
  };
}

function sideOf(sheet: Sheet, index: number): Side {
  const { model, steps, guidanceScale, scheduler, profile } = settingsOfCell(sheet, index);
  return { model, steps, guidanceScale, scheduler, profile, note: titleOfCell(sheet, index) };
}

export function loadSheet(): Sheet | undefined {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(STORED) ?? 'null');
    return isSheet(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** @returns whether it outlives a reload: storage may be full, as with a large start image */
export function saveSheet(sheet: Sheet | undefined): boolean {
  try {
    if (sheet === undefined) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, JSON.stringify(sheet));
    return true;
  } catch {
    localStorage.removeItem(STORED);
    return false;
  }
}

function isSheet(value: unknown): value is Sheet {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['id', 'base', 'x', 'y', 'cells'].every((name) => name in value) &&
    'cells' in value &&
    Array.isArray(value.cells)
  );
}
