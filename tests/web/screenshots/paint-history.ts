import { EaselClient } from '@easel/client';
import type { EaselServer } from '../../support/easel-server.ts';

const prompts = [
  'a butterfly on a yellow background',
  'a castle at sunset',
  'line art of a guitar',
  'two bananas on a purple background',
  'a penguin in the snow',
  'a cactus in the desert',
  'a house on grass',
  'a hamburger on a wooden table',
];

/** Something to look back on, also for an administrator. */
export async function paintHistory({ url, devKey, adminKey }: EaselServer): Promise<void> {
  for (const [seed, prompt] of prompts.entries()) {
    const reply = await fetch(`${url}/v1/playground-v2.5`, {
      method: 'POST',
      headers: { 'x-api-key': devKey, 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, seed, base64: false }),
    });
    await reply.arrayBuffer();
    if (!reply.ok) throw new Error(`${prompt}: ${reply.status}`);
  }
  const { admin } = new EaselClient({ baseUrl: url, apiKey: adminKey });
  await admin.createAccount({ name: 'marketing' });
}
