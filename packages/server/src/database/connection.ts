import type { ClientConfig } from 'pg';
import { types } from 'pg';

/** Where PostgreSQL is: the parts of an address (`host` may be the folder of a Unix socket), or a `postgres://` URL. */
export type DatabaseAddress =
  | {
      readonly host: string;
      readonly port?: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    }
  | { readonly url: string };

/**
 * Settings of a connection, for a pool and for a client that listens alike. Whole numbers of 64 bits arrive as `bigint`;
 * the driver's default is text.
 */
export function connectionSettings(address: DatabaseAddress): ClientConfig {
  const where = 'url' in address ? { connectionString: address.url } : { ...address };
  return { ...where, application_name: 'easel', types: { getTypeParser } };
}

const readText = types.getTypeParser;

const getTypeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === types.builtins.INT8 && format !== 'binary' ? BigInt : readText(oid, format);
