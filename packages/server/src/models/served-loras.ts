import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Fault, type LoraChoice, patterns } from '@easel/contract';
import {
  EngineError,
  type HostLogEntry,
  inspectLoras,
  type LoadOptions,
  type LoraInspector,
  type LoraReport,
  type LoraRequest,
} from '@easel/engine';
import { fullText, ifPresent, isCodedError, nearMiss } from '@easel/errors';
import { resolvePart } from '@easel/models';
import type { ModelCard } from './model-card.ts';

/** A LoRA as it is configured. */
export interface LoraFile {
  readonly file: string;
  /** Whether it is used although it is marked as made for another line of models. */
  readonly anyBase: boolean;
}

export interface LoraSources {
  /** Its .safetensors files are LoRAs, by their names without the ending. */
  readonly folder: string;
  /** Further ones; they win over files of the same name. */
  readonly named: ReadonlyMap<string, LoraFile>;
}

/** What is configured where nothing is. */
export const noLoras: LoraSources = { folder: '', named: new Map() };

const EXTENSION = '.safetensors';
const NAME = new RegExp(patterns.loraName.source, 'u');
const FRESH_MS = 2000;

interface Found extends LoraFile, LoraReport {
  readonly bytes: number;
  /** Why the model cannot use it. */
  readonly problem: string | undefined;
}

/** The first LoRA of a request that the model does not have, or cannot use. */
export function faultOfLoras(
  choices: readonly LoraChoice[],
  { loras, unfitLoras }: Pick<ModelCard, 'loras' | 'unfitLoras'>,
): Fault | undefined {
  const param = 'loras';
  for (const [index, { name }] of choices.entries()) {
    if (loras.some((each) => each.name === name)) continue;
    const problem = unfitLoras.get(name);
    if (problem !== undefined) return { param, message: `loras[${index}]: ${problem}` };
    const names = loras.map((each) => each.name);
    const meant = nearMiss(name.toLowerCase(), names);
    const guess = meant === undefined ? '' : `did you mean ${meant}? `;
    const offer =
      names.length === 0 ? 'there are none for this model' : `the model has ${names.slice(0, 20).join(', ')}`;
    return {
      param,
      message: `loras[${index}].name must be a LoRA of the model (got ${JSON.stringify(name)}): ${guess}${offer}`,
    };
  }
  return undefined;
}

/**
 * The LoRAs of one model. A request names one of this list, so no name leads to any other file. Files may be added and removed while the
 * server runs.
 */
export class ServedLoras {
  readonly #sources: LoraSources;
  readonly #open: () => Promise<LoraInspector>;
  readonly #onLog: (entry: HostLogEntry) => void;
  #inspect: LoraInspector | undefined;
  #found: ReadonlyMap<string, Found> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;

  /** @param path of the model @param load how it is loaded */
  constructor(
    sources: LoraSources,
    path: string,
    load: Pick<LoadOptions, 'config' | 'family' | 'unet' | 'vae'>,
    onLog: (entry: HostLogEntry) => void,
  ) {
    this.#sources = sources;
    this.#open = () => inspectLoras(path, load);
    this.#onLog = onLog;
  }

  /** As they were at the last refresh. */
  get cards(): Pick<ModelCard, 'loras' | 'unfitLoras'> {
    const all = [...this.#found];
    return {
      loras: all.flatMap(([name, { notices, licence, bytes, problem }]) =>
        problem === undefined
          ? [{ name, notices: [...notices], file_size: bytes, ...(licence !== undefined && { licence }) }]
          : [],
      ),
      unfitLoras: new Map(all.flatMap(([name, { problem }]) => (problem === undefined ? [] : [[name, problem]]))),
    };
  }

  /** The largest file of them, if there are any: memory is kept for one. */
  async largest(): Promise<readonly string[]> {
    const fitting = [...this.#found.values()].filter(({ problem }) => problem === undefined);
    return fitting
      .sort((one, other) => other.bytes - one.bytes)
      .slice(0, 1)
      .map(({ file }) => file);
  }

  /** Reads the folder again, at most every two seconds. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#readAt < FRESH_MS) return;
    this.#readAt = performance.now();
    const files = await this.#files();
    const found = new Map<string, Found>();
    for (const [name, lora] of files) found.set(name, await this.#look(name, lora));
    this.#found = found;
  }

  /** For the engine. @throws EngineError `invalid_request` as `faultOfLoras` */
  async requests(choices: readonly LoraChoice[]): Promise<readonly LoraRequest[]> {
    if (choices.length === 0) return [];
    await this.refresh();
    const fault = faultOfLoras(choices, this.cards);
    if (fault !== undefined) throw new EngineError('invalid_request', fault.message, { details: { param: 'loras' } });
    return choices.flatMap(({ name, weight = 1 }) => {
      const found = this.#found.get(name);
      return found === undefined ? [] : [{ file: found.file, weight, ...(found.anyBase && { anyBase: true }) }];
    });
  }

  async #files(): Promise<ReadonlyMap<string, LoraFile>> {
    const { folder, named } = this.#sources;
    const names = (await readdir(folder).catch(() => []))
      .filter((name) => name.toLowerCase().endsWith(EXTENSION))
      .sort();
    const own = names.map(
      (file) => [file.slice(0, -EXTENSION.length), { file: join(folder, file), anyBase: false }] as const,
    );
    return new Map([...own, ...named].filter(([name]) => NAME.test(name)));
  }

  async #look(name: string, lora: LoraFile): Promise<Found> {
    const before = this.#found.get(name);
    try {
      this.#inspect ??= await this.#open();
      const report = await this.#inspect(lora);
      const bytes = (await ifPresent(stat(lora.file)))?.size ?? 0;
      return { ...lora, ...report, bytes, problem: undefined };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      const problem = fullText(error).replaceAll(lora.file, name);
      if (before?.problem !== problem)
        this.#onLog({ level: 'warn', message: `the LoRA ${name} is not offered: ${problem}`, pid: undefined });
      return { ...lora, notices: [], licence: undefined, bytes: 0, problem };
    }
  }
}

/** @param folder of the data @param given in the settings: files, or names of what was pulled */
export function loraSources(
  folder: string,
  given: Readonly<Record<string, string | { readonly path: string; readonly anyBase?: boolean }>>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): LoraSources {
  const named = Object.entries(given).map(([name, entry]) => {
    const { path, anyBase = false } = typeof entry === 'string' ? { path: entry } : entry;
    return [name, { file: fileOf(path, env), anyBase }] as const;
  });
  return { folder: join(folder, 'loras'), named: new Map(named) };
}

/** One that is not there is told of when the model looks at it. */
function fileOf(pathOrName: string, env: Readonly<Record<string, string | undefined>>): string {
  try {
    return resolve(resolvePart(pathOrName, env));
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return resolve(pathOrName);
  }
}
