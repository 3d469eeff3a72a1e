import { type Field, limits, pictureFields, samplerLabel } from '@easel/contract';
import type { FoundSettings } from '@easel/parameters';
import { addressOfSettings } from '../settings/settings-address.ts';
import type { Fact } from './picture-facts.tsx';

/** A picture as everybody may see it who knows its name: the file, and what the file itself says. */
export interface SharedFile {
  /** A `blob:` address of it. */
  readonly source: string;
  readonly width: number;
  readonly height: number;
  /** Null: the file does not say how it was made. */
  readonly settings: FoundSettings | null;
}

/**
 * Loads it without a key. Null: there is none, or it was deleted, though the browser may still have it: files are kept for a year without
 * asking again.
 */
export async function loadSharedFile(name: string, signal: AbortSignal): Promise<SharedFile | null> {
  const reply = await fetch(`/api/images/${name}`, { signal, credentials: 'omit', cache: 'no-cache' });
  if (reply.status === 404) return null;
  if (!reply.ok) throw new Error(`the picture cannot be loaded (the server answered ${reply.status})`);
  const file = await reply.blob();
  const [bitmap, { readSettings }, bytes] = await Promise.all([
    createImageBitmap(file),
    import('@easel/parameters'), // loaded on demand: few visitors need it
    file.arrayBuffer(),
  ]);
  const { width, height } = bitmap;
  bitmap.close();
  const found = readSettings(new Uint8Array(bytes));
  const isKnown = found !== null && Object.keys(found.settings).length > 0;
  return { source: URL.createObjectURL(file), width, height, settings: isKnown ? found.settings : null };
}

/** What the file says, but for the prompt. */
export function factsOfFile({ settings, width, height }: SharedFile): readonly Fact[] {
  const found = new Map<string, unknown>(Object.entries(settings ?? {}));
  const size: Fact = ['Size', `${width}×${height}`];
  const said = Object.entries<Field>(pictureFields).flatMap(([name, { form, words, parameter }]): Fact[] => {
    const value = found.get(name);
    if (value === undefined || value === '' || unlisted.has(name)) return [];
    const label = form?.label.replace(/:.*/, '') ?? words.charAt(0).toUpperCase() + words.slice(1);
    const text =
      name === 'scheduler' ? labelOfSampler(String(value)) : (parameter?.values?.[String(value)] ?? String(value));
    return [[label, text]];
  });
  const loras = settings?.loras?.map(({ name, weight }) => `${name} (${weight})`) ?? [];
  return [size, ...said, ...(loras.length === 0 ? [] : [['LoRAs', loras.join(', ')] as const])];
}

const unlisted: ReadonlySet<string> = new Set(['prompt', 'width', 'height', 'loras']);

function labelOfSampler(name: string): string {
  return pictureFields.scheduler.choices.find((each) => each === name) === undefined ? name : samplerLabel(name);
}

/** The playground with the settings of the file. */
export function remixAddress({ seed, ...settings }: FoundSettings): string {
  const isSeed = seed !== undefined && seed <= BigInt(limits.seed.max);
  return addressOfSettings({ ...settings, ...(isSeed && { seed: Number(seed) }) });
}
