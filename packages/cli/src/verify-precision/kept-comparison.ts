import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DecodedPicture, decodeImage, drawSheet, encodeImage, type SheetCell } from '@easel/engine';
import { CodedError, messageOf, systemCode } from '@easel/errors';
import { outputFailure } from '../output/folder.ts';
import { slug } from '../output/plan.ts';
import { type FileToSave, saveFiles } from '../output/save.ts';
import type { ComparedPicture, Drawing, DrawnPicture, PictureStore } from './compare-profiles.ts';

/** In the folder of a comparison: what its pictures depend on, the seconds that each took, and at the end the results. */
const RECORD = 'verify-precision.json';

/** What the pictures depend on besides prompt, seed and profile. */
export type Conditions = Readonly<Record<string, string | number>>;

/** A folder with the pictures of a comparison. A later run with the same conditions goes on where an earlier one was interrupted. */
export class KeptComparison implements PictureStore {
  readonly #folder: string;
  readonly #conditions: Conditions;
  readonly #save: (files: readonly FileToSave[]) => Promise<unknown>;
  readonly #drawn: Map<string, { readonly prompt: string; readonly seconds: number }>;

  /** @throws CodedError `output_exists` when the folder has a comparison with other conditions, or what cannot be read as one */
  constructor(
    folder: string,
    conditions: Conditions,
    interruption: { readonly signal: AbortSignal; readonly atForcedExit: (undo: () => void) => void },
  ) {
    this.#folder = folder;
    this.#conditions = conditions;
    this.#save = (files) => saveFiles(files, { overwrite: true, ...interruption });
    this.#drawn = readRecord(folder, conditions);
  }

  /** How many pictures there are. */
  get count(): number {
    return this.#drawn.size;
  }

  async find(drawing: Drawing): Promise<DrawnPicture | undefined> {
    const name = pictureName(drawing);
    const known = this.#drawn.get(name);
    if (known?.prompt !== drawing.prompt) return undefined;
    const path = join(this.#folder, name);
    const refused = (problem: string, cause?: unknown) =>
      new CodedError('output_exists', `${path} ${problem}`, {
        remedy: 'remove the file, and it is drawn again',
        cause,
      });
    let picture: DecodedPicture;
    try {
      picture = await decodeImage(await readFile(path));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined; // somebody removed it: it is drawn again
      throw refused(`cannot be read: ${messageOf(error)}`, error);
    }
    const { width, height } = this.#conditions;
    if (picture.width === width && picture.height === height) return { picture, seconds: known.seconds };
    throw refused(`has ${picture.width}×${picture.height} pixels, and was saved with ${width}×${height}`);
  }

  /** The picture first, then the record that names it: an interruption between the two only costs the picture. */
  async keep(drawing: Drawing, { picture, seconds }: DrawnPicture): Promise<void> {
    const name = pictureName(drawing);
    const bytes = await encodeImage(picture, { format: 'png' });
    await this.#save([{ path: join(this.#folder, name), bytes }]);
    this.#drawn.set(name, { prompt: drawing.prompt, seconds });
    await this.#write({});
  }

  /** The pictures of a prompt side by side, and below each its difference from the exact one, eight times as strong. */
  async saveSheet(exact: Drawing & DrawnPicture, others: readonly (DrawnPicture & ComparedPicture)[]): Promise<void> {
    const { width, height } = exact.picture;
    const cells: SheetCell[] = [
      { picture: exact.picture, label: `exact, seed ${exact.seed}` },
      ...others.map(({ picture, ...compared }) => ({ picture, label: describe(compared) })),
      { picture: { width, height, data: new Uint8Array(3 * width * height).fill(255) }, label: exact.prompt },
      ...others.map(({ picture, profile }) => ({
        picture: difference(exact.picture, picture),
        label: `${profile}: difference × ${STRENGTH}`,
      })),
    ];
    const layout = { columns: 1 + others.length, side: Math.min(Math.max(width, height), MAX_SHEET_SIDE) };
    const path = join(this.#folder, `${nameOf(exact)}-sheet.png`);
    await this.#save([{ path, bytes: await drawSheet(cells, layout, 'png') }]);
  }

  async saveResults(results: object): Promise<void> {
    await this.#write({ results });
  }

  async #write(more: object): Promise<void> {
    const record = { conditions: this.#conditions, drawn: Object.fromEntries(this.#drawn), ...more };
    const bytes = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
    await this.#save([{ path: join(this.#folder, RECORD), bytes }]);
  }
}

/** Larger pictures are scaled down on sheets. */
const MAX_SHEET_SIDE = 768;
/** How much stronger than they are differences are shown. */
const STRENGTH = 8;

function nameOf({ prompt, seed }: Drawing): string {
  return `${seed}-${slug(prompt)}`;
}

function pictureName(drawing: Drawing): string {
  return `${nameOf(drawing)}-${drawing.profile}.png`;
}

function describe({ profile, msSsim, ciede2000 }: ComparedPicture): string {
  const similarity = msSsim === null ? '' : `MS-SSIM ${msSsim.toFixed(4)}, `;
  return `${profile}: ${similarity}CIEDE2000 ${ciede2000.toFixed(2)}`;
}

function difference(a: DecodedPicture, b: DecodedPicture): DecodedPicture {
  return { ...a, data: a.data.map((value, i) => Math.min(255, STRENGTH * Math.abs(value - (b.data[i] ?? 0)))) };
}

function readRecord(
  folder: string,
  conditions: Conditions,
): Map<string, { readonly prompt: string; readonly seconds: number }> {
  const path = join(folder, RECORD);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return new Map();
  const record = parseRecord(path);
  for (const [name, value] of Object.entries(conditions)) {
    if (record.conditions[name] === value) continue;
    throw new CodedError(
      'output_exists',
      `${folder} has a comparison with another ${name} (${JSON.stringify(record.conditions[name])}, now ${JSON.stringify(value)})`,
      { remedy: 'choose another folder, or delete this one' },
    );
  }
  return new Map(
    Object.entries(record.drawn).flatMap(([name, each]) =>
      isObject(each) && typeof each.prompt === 'string' && typeof each.seconds === 'number'
        ? [[name, { prompt: each.prompt, seconds: each.seconds }] as const]
        : [],
    ),
  );
}

function parseRecord(path: string) {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw outputFailure(path, error);
  }
  const refused = new CodedError('output_exists', `${path} is not a record of easel model verify-precision`, {
    remedy: 'choose another folder, or remove the file',
  });
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    throw refused;
  }
  if (!isObject(record) || !isObject(record.conditions) || !isObject(record.drawn)) throw refused;
  return { conditions: record.conditions, drawn: record.drawn };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
