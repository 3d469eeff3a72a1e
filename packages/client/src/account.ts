import type {
  Credits,
  LedgerEntry,
  LedgerPage,
  LedgerQuery,
  PriceQuery,
  PriceQuote,
  UsageQuery,
  UsageReply,
} from '@easel/contract';
import { paths } from './address.ts';
import type { CallOptions } from './call.ts';
import { entriesOf } from './pages.ts';
import type { Transport } from './transport.ts';

/** Credits, usage and ledger of the key's account. */
export class AccountOfKey {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  credits({ signal }: CallOptions = {}): Promise<Credits> {
    return this.#transport.json(paths.credits, { signal });
  }

  /** The price of a job. */
  price(query: PriceQuery = {}, { signal }: CallOptions = {}): Promise<PriceQuote> {
    return this.#transport.json(paths.price, { query, signal });
  }

  usage(query: UsageQuery = {}, { signal }: CallOptions = {}): Promise<UsageReply> {
    return this.#transport.json(paths.usage, { query, signal });
  }

  /** One page of the ledger, newest first. */
  ledger(query: LedgerQuery = {}, { signal }: CallOptions = {}): Promise<LedgerPage> {
    return this.#transport.json(paths.ledger, { query, signal });
  }

  /** The whole ledger, page by page. */
  wholeLedger(query: LedgerQuery = {}, options: CallOptions = {}): AsyncGenerator<LedgerEntry, void, undefined> {
    return entriesOf(
      query,
      (page) => this.ledger(page, options),
      ({ entries }) => entries,
    );
  }
}
