import { type TSchema, Type } from 'typebox';
import type { DescribedReply } from './replies.ts';

/**
 * What a stream of server-sent events is made of, as generators and checkers of OpenAPI read it: the fields of one event
 * (WHATWG HTML 9.2), whose `data` is JSON as text.
 */
export function eventStreamContent(dataOf: Readonly<Record<string, TSchema>>): NonNullable<DescribedReply['content']> {
  const events = Object.entries(dataOf).map(([event, data]) =>
    Type.Object({
      event: Type.Literal(event),
      data: Type.String({ contentMediaType: 'application/json', contentSchema: data }),
    }),
  );
  return { 'text/event-stream': { schema: Type.Union(events) } };
}
