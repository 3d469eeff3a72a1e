/**
 * Charts as plain SVG. Colours are classes with a light and a dark form: an image on a page follows the reader's scheme, and brings its
 * own background, so that it can be read on either.
 */

const STYLE = `
  .ground { fill: #ffffff } .text { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 }
  .s0 { --c: #2a6fdb } .s1 { --c: #d9541e } .s2 { --c: #0f8a6d } .s3 { --c: #8250df } .s4 { --c: #6e7781 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
    .s0 { --c: #6ea8fe } .s1 { --c: #ff8c5a } .s2 { --c: #3fc9a3 } .s3 { --c: #bc8cff } .s4 { --c: #9198a1 }
  }
  .line { stroke: var(--c); fill: none; stroke-width: 2 } .dashed { stroke-dasharray: 6 4; stroke-width: 1.5 } .fill { fill: var(--c) }
  text { font: 13px system-ui, sans-serif } .title { font-size: 15px; font-weight: 600 } .small { font-size: 12px }
`;

export interface Series {
  readonly name: string;
  /** Colour, 0…4. Series of one colour belong together. */
  readonly colour: number;
  /** A limit or a guide, not a measurement. */
  readonly dashed?: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Axis {
  readonly label: string;
  readonly scale: 'log' | 'linear';
  /** Where the axis is labelled; absent: at round values. */
  readonly ticks?: readonly { readonly at: number; readonly text: string }[];
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Written at its end. */
  readonly text: string;
  readonly colour: number;
}

const [WIDTH, HEIGHT] = [720, 400];
const AREA = { left: 64, right: 500, top: 48, bottom: 344 };

/** Lines with a name at the right; the names are moved apart where lines end close together. */
export function lineChart({ title, x, y, series }: LineChart): string {
  const shown = series.filter(({ points }) => points.length > 0);
  const all = shown.flatMap(({ points }) => points);
  const toX = scaleOf(
    x,
    all.map(([value]) => value),
    [AREA.left, AREA.right],
  );
  const toY = scaleOf(
    y,
    all.map(([, value]) => value),
    [AREA.bottom, AREA.top],
  );
  const parts = [text(16, 26, title, 'text title')];
  for (const { at, text: label } of toX.ticks)
    parts.push(text(toX.place(at), AREA.bottom + 18, label, 'faint small', 'middle'));
  for (const { at, text: label } of toY.ticks) {
    const place = round(toY.place(at));
    parts.push(
      `<path class="grid" d="M${AREA.left} ${place}H${AREA.right}"/>`,
      text(AREA.left - 8, place + 4, label, 'faint small', 'end'),
    );
  }
  parts.push(
    text((AREA.left + AREA.right) / 2, AREA.bottom + 42, x.label, 'faint', 'middle'),
    text(16, 44, y.label, 'faint small'),
  );
  const ends = shown.map(({ points }) => toY.place(points.at(-1)?.[1] ?? 0));
  const places = apart(ends, 16);
  shown.forEach(({ name, colour, dashed = false, points }, index) => {
    const path = points.map(([px, py]) => `${round(toX.place(px))} ${round(toY.place(py))}`).join('L');
    const dots = points.map(
      ([px, py]) => `<circle class="fill" cx="${round(toX.place(px))}" cy="${round(toY.place(py))}" r="3.5"/>`,
    );
    const [last = 0] = points.at(-1) ?? [];
    const line = `<path class="line${dashed ? ' dashed' : ''}" d="M${path}"/>`;
    const lead = `<path class="grid" d="M${round(toX.place(last)) + 6} ${round(ends[index] ?? 0)}L${AREA.right + 12} ${round(places[index] ?? 0)}"/>`;
    parts.push(
      `<g class="s${colour}">${line}${dashed ? '' : dots.join('')}</g>`,
      lead,
      text(AREA.right + 16, (places[index] ?? 0) + 4, name, 'text'),
    );
  });
  return svg(title, HEIGHT, parts);
}

const ROW = 26;
const BAR_AREA = { left: 220, right: 640 };

/** Horizontal bars, in the given order. @param groups charts below each other, each with its own scale */
export function barChart(
  title: string,
  groups: readonly { readonly title: string; readonly bars: readonly Bar[] }[],
): string {
  const parts = [text(16, 26, title, 'text title')];
  let y = 44;
  for (const { title: group, bars } of groups) {
    y += 24;
    parts.push(text(16, y, group, 'text'));
    const most = Math.max(...bars.map(({ value }) => value));
    for (const { name, value, text: label, colour } of bars) {
      const width = ((BAR_AREA.right - BAR_AREA.left) * value) / most;
      y += ROW;
      parts.push(
        text(BAR_AREA.left - 8, y - 4, name, 'text', 'end'),
        `<rect class="fill s${colour}" x="${BAR_AREA.left}" y="${y - 17}" width="${round(width)}" height="18" rx="2"/>`,
        text(BAR_AREA.left + width + 6, y - 4, label, 'faint'),
      );
    }
    y += 12;
  }
  return svg(title, y + 12, parts);
}

function svg(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function text(x: number, y: number, content: string, className: string, anchor = 'start'): string {
  return `<text class="${className}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function scaleOf({ scale, ticks }: Axis, values: readonly number[], [from, to]: readonly [number, number]) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const isLog = scale === 'log';
  const [low, high] = isLog ? [Math.log(least / 1.15), Math.log(most * 1.15)] : [0, most * 1.05];
  const place = (value: number) => from + ((to - from) * ((isLog ? Math.log(value) : value) - low)) / (high - low);
  const found = ticks ?? roundValues(least, most, isLog).map((at) => ({ at, text: String(at) }));
  return { place, ticks: found };
}

function roundValues(least: number, most: number, isLog: boolean): number[] {
  if (isLog) {
    const decades = [0.01, 0.1, 1, 10, 100, 1000].flatMap((decade) =>
      [1, 2, 5].map((step) => Number((decade * step).toPrecision(2))),
    );
    return decades.filter((value) => value >= least / 1.15 && value <= most * 1.15);
  }
  const rough = most / 5;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * ([1, 2, 5, 10].find((factor) => factor * decade >= rough) ?? 10);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => Number((index * step).toPrecision(3)));
}

/** The nearest places to the wanted ones that are at least `distance` from each other, within the chart. */
function apart(wanted: readonly number[], distance: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const places = [...wanted];
  let floor = AREA.top;
  for (const index of order) {
    places[index] = Math.max(places[index] ?? 0, floor);
    floor = (places[index] ?? 0) + distance;
  }
  const overflow = floor - distance - AREA.bottom;
  return overflow > 0 ? places.map((place) => place - overflow) : places;
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
