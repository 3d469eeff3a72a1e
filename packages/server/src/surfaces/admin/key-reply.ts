import { decimalToMicro, type Key, type KeyCreate, type KeyPatch, microToNumber } from '@easel/contract';
import type { ListedKey } from '../../keys/keys.ts';
import type { KeyChanges, KeyTerms } from '../../keys/keys-port.ts';

export function keyReply(key: ListedKey): Key {
  return {
    id: key.id,
    account_id: key.accountId,
    name: key.name,
    hint: key.hint,
    scopes: [...key.scopes],
    models: key.models && [...key.models],
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    monthly_budget: key.monthlyBudget === null ? null : microToNumber(key.monthlyBudget),
    spent_this_month: microToNumber(key.usedThisMonth),
    rate_limit: key.requestsPerMinute,
  };
}

/** What a body asks for, with the contract's defaults. */
export function keyTermsOf(body: KeyCreate): KeyTerms {
  const { monthly_budget: budget = null, expires_at: expires = null } = body;
  return {
    accountId: body.account_id,
    name: body.name,
    scopes: body.scopes ?? ['generate', 'read'],
    models: body.models ?? null,
    monthlyBudget: budget === null ? null : decimalToMicro(budget),
    requestsPerMinute: body.rate_limit ?? null,
    expiresAt: expires === null ? null : timeOf(expires),
  };
}

/** What a body changes; what it does not have is not in the result. */
export function keyChangesOf(body: KeyPatch): KeyChanges {
  const { name, scopes, models, monthly_budget: budget, rate_limit: requestsPerMinute, expires_at: expires } = body;
  return {
    ...(name !== undefined && { name }),
    ...(scopes !== undefined && { scopes }),
    ...(models !== undefined && { models }),
    ...(budget !== undefined && { monthlyBudget: budget === null ? null : decimalToMicro(budget) }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(expires !== undefined && { expiresAt: expires === null ? null : timeOf(expires) }),
  };
}

/** RFC 3339 allows the leap second 23:59:60, which POSIX time counts as the second after it and `Date` does not know. */
function timeOf(instant: string): Date {
  const time = Date.parse(instant.replace(':60', ':59'));
  return new Date(instant.includes(':60') ? time + 1000 : time);
}
