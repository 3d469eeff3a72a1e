import { type Account as AccountReply, microToNumber } from '@easel/contract';
import type { Account } from '../../keys/accounts-port.ts';

export function accountReply({
  id,
  name,
  maxConcurrent,
  maxQueued,
  createdAt,
  balance: { available, held },
}: Account): AccountReply {
  return {
    id,
    name,
    created_at: createdAt.toISOString(),
    balance: microToNumber(available + held),
    held: microToNumber(held),
    remaining: microToNumber(available),
    max_concurrent: maxConcurrent,
    max_queued: maxQueued,
  };
}
