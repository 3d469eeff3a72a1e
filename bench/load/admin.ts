import { accountSchema, keyCreatedSchema } from '@easel/contract';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/schema';
import type { EaselServer } from '../../tests/support/easel-server.ts';

/** What an administrator does before the load: accounts with credits and a key each. */
export function adminOf({ url, adminKey }: EaselServer) {
  async function post(path: string, body: object): Promise<unknown> {
    const reply = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': adminKey, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer: unknown = await reply.json();
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${JSON.stringify(answer)}`);
    return answer;
  }
  return {
    async accountsWithKeys(count: number): Promise<string[]> {
      const keys: string[] = [];
      for (let index = 0; index < count; index++) {
        const account = checked(accountSchema, await post('/api/admin/accounts', { name: `load ${index}` }));
        await post('/api/admin/grants', { account_id: account.id, amount: 1000 });
        const created = await post('/api/admin/keys', { account_id: account.id, name: 'load' });
        keys.push(checked(keyCreatedSchema, created).key);
      }
      return keys;
    },
  };
}

function checked<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  if (fits(schema, value)) return value;
  throw new Error(`not what the contract says: ${JSON.stringify(value)}`);
}

function fits<Schema extends TSchema>(schema: Schema, value: unknown): value is Static<Schema> {
  return Check(schema, value);
}
