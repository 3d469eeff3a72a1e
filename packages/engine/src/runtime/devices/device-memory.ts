import { machineMemory } from '../memory.ts';
import { type Card, cardEnvironment, findCards } from './cards.ts';
import type { DeviceName } from './device.ts';

/** Below this it is the part of the machine's memory that integrated graphics keep for themselves, which does not limit them. */
const LEAST_CARD_BYTES = 2e9;

/** The memory of a device of this process in bytes. Undefined: the system does not tell. */
export async function deviceMemory(name: DeviceName): Promise<number | undefined> {
  if (name === 'cpu' || process.platform === 'darwin') return machineMemory(); // Apple's processors share it with their graphics
  return memoryAmong(await findCards(), name, process.env);
}

/** Of the card that the environment chooses, or else of the smallest, since the runtime does not say which one it uses. */
export function memoryAmong(cards: readonly Card[], name: DeviceName, env: NodeJS.ProcessEnv): number | undefined {
  const possible = name === 'cuda' ? cards.filter(({ uuid }) => uuid !== undefined) : cards;
  const variable = name === 'cuda' ? 'CUDA_VISIBLE_DEVICES' : 'DRI_PRIME';
  const chosen = possible.filter((card) => cardEnvironment(card)[variable] === env[variable]);
  const known = (chosen.length > 0 ? chosen : possible).flatMap(({ memoryBytes = 0 }) =>
    memoryBytes >= LEAST_CARD_BYTES ? memoryBytes : [],
  );
  return known.length === 0 ? undefined : Math.min(...known);
}
