import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { HttpOptions } from './options.ts';
import type { Gate } from './plugins/gate.ts';
import type { HttpServices } from './services.ts';
import type { StreamSlots } from './streams/stream-slots.ts';

/** What has been validated has the type of its schema. */
interface ContractTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  readonly serializer: unknown;
}

/** A server whose routes are typed by the contract's schemas. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ContractTypes
>;

/** What a route is given to work with. */
export interface RouteContext {
  readonly services: HttpServices;
  readonly options: HttpOptions;
  readonly gate: Gate;
  readonly streams: StreamSlots;
}
