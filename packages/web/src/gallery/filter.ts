import type { JobListQuery } from '@easel/contract';

/** A search in the gallery, as the address holds it; empty texts are ignored. */
export interface Filter {
  readonly words: string;
  readonly seed: string;
  readonly size: string;
  readonly model: string;
  readonly favourite: boolean;
  /** The id of a collection. */
  readonly collection: string;
  readonly state: State;
  /** Of the last days, today included: `1`, `7`, `30`. */
  readonly days: string;
  /** The first and the last day, as `YYYY-MM-DD`; of the browser's own time. */
  readonly from: string;
  readonly to: string;
}

/** Empty: pictures. Runs without any are listed apart. */
export type State = '' | 'failed,cancelled' | 'failed' | 'cancelled';

export const states: ReadonlyMap<State, string> = new Map([
  ['', 'Pictures'],
  ['failed,cancelled', 'Failed and cancelled runs'],
  ['failed', 'Failed runs'],
  ['cancelled', 'Cancelled runs'],
]);

export const noFilter: Filter = {
  words: '',
  seed: '',
  size: '',
  model: '',
  favourite: false,
  collection: '',
  state: '',
  days: '',
  from: '',
  to: '',
};

export function filterOf(query: URLSearchParams): Filter {
  const text = (name: string) => query.get(name) ?? '';
  const state = [...states.keys()].find((each) => each === text('state')) ?? '';
  return {
    words: text('words'),
    seed: text('seed'),
    size: text('size'),
    model: text('model'),
    favourite: query.has('favourite'),
    collection: text('collection'),
    state,
    days: text('days'),
    from: text('from'),
    to: text('to'),
  };
}

/** The filter as the query of an address. */
export function queryOf({ favourite, ...texts }: Filter): Record<string, string> {
  const given = Object.entries(texts).filter(([, text]) => text !== '');
  return { ...Object.fromEntries(given), ...(favourite && { favourite: '1' }) };
}

/** Whether it is one without any condition. */
export function isEverything(filter: Filter): boolean {
  return Object.keys(queryOf(filter)).length === 0;
}

export type Faults = Partial<Readonly<Record<'seed' | 'size' | 'days' | 'from' | 'to', string>>>;

/** What is wrong with which text. */
export function faultsOf({ seed, size, days, from, to }: Filter): Faults {
  return {
    ...(seed !== '' && !/^\d{1,15}$/.test(seed) && { seed: 'A seed is a whole number, such as 1234.' }),
    ...(size !== '' && sizeIn(size) === undefined && { size: 'A size is width × height, such as 256×144.' }),
    ...(days !== '' && !/^[1-9]\d{0,3}$/.test(days) && { days: 'This is not a number of days.' }),
    ...(from !== '' && startOf(from) === undefined && { from: 'This is not a date.' }),
    ...(to !== '' && startOf(to) === undefined && { to: 'This is not a date.' }),
    ...(from !== '' && to !== '' && from > to && { to: 'The last day is before the first.' }),
  };
}

/** As the server takes it; `×` may stand for `x`. */
function sizeIn(text: string): string | undefined {
  const found = /^([1-9]\d{1,3})\s*[x×X*]\s*([1-9]\d{1,3})$/.exec(text);
  return found === null ? undefined : `${found[1]}x${found[2]}`;
}

/** When a day begins where the browser is. @param later in days */
function startOf(day: string, later = 0): Date | undefined {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  const start = new Date(Number(year), Number(month) - 1, Number(date) + later);
  const isReal = later > 0 || start.getDate() === Number(date);
  return Number.isNaN(start.getTime()) || !isReal ? undefined : start;
}

/** The filter as a query of the API, which has no place for what is wrong. @param now what *today* is told by */
export function listQueryOf(filter: Filter, now: Date): JobListQuery {
  const { words, seed, size, model, favourite, collection, state, days, from, to } = filter;
  const recent = new Date(now.getFullYear(), now.getMonth(), now.getDate() - Number(days) + 1);
  const first = days === '' ? startOf(from) : recent;
  const end = days === '' ? startOf(to, 1) : undefined;
  return {
    ...(words.trim() !== '' && { q: words.trim() }),
    ...(seed !== '' && { seed: Number(seed) }),
    ...(size !== '' && { size: sizeIn(size) ?? size }),
    ...(model !== '' && { model }),
    ...(favourite && { favourite: true }),
    ...(collection !== '' && { collection }),
    ...(state === '' ? { status: 'succeeded', has_images: true } : { status: state }),
    ...(first !== undefined && { created_after: first.toISOString() }),
    ...(end !== undefined && { created_before: end.toISOString() }),
  };
}

/** Whether one picture of a run that was found is itself what was searched for. */
export function matches({ seed, size }: Filter, image: { seed: number; width: number; height: number }): boolean {
  if (seed !== '' && image.seed !== Number(seed)) return false;
  return size === '' || sizeIn(size) === `${image.width}x${image.height}`;
}
