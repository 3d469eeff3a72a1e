import type { KeyScope } from '@easel/contract';
import { DomainError } from '../domain-error.ts';

/** Who a request comes from: what its key says. */
export interface Caller {
  readonly accountId: string;
  readonly keyId: string;
  readonly keyName: string;
  readonly scopes: readonly KeyScope[];
  /** The only models it may use; null: all. */
  readonly models: readonly string[] | null;
  /** null: the server's own limit. */
  readonly requestsPerMinute: number | null;
  /** Micro-credits a calendar month; null: all the account has. */
  readonly monthlyBudget: bigint | null;
}

/** An admin key may do everything. */
export function hasScope({ scopes }: Caller, scope: KeyScope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}

/** @throws DomainError `forbidden` */
export function requireScope(caller: Caller, scope: KeyScope): void {
  if (hasScope(caller, scope)) return;
  throw new DomainError(
    'forbidden',
    `this needs a key with the scope "${scope}"; the key "${caller.keyName}" has: ${caller.scopes.join(', ')}`,
  );
}

/** @throws DomainError `forbidden` */
export function requireModel({ models, keyName }: Caller, model: string): void {
  if (models === null || models.includes(model)) return;
  throw new DomainError(
    'forbidden',
    `the key "${keyName}" may not use the model ${model}; it may use: ${models.join(', ') || 'none'}`,
    { param: 'model' },
  );
}
