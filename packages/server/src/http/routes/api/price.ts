import {
  defaults,
  microToNumber,
  type PriceQuote,
  paths,
  priceQuerySchema,
  priceQuoteSchema,
  requestedSize,
  sideNamesOf,
} from '@easel/contract';
import { priceOfRequest } from '../../../domain/price.ts';
import type { HttpApp, RouteContext } from '../../http-app.ts';
import { sizeFor } from '../../requests/job-request.ts';
import { modelOf } from '../../requests/model-of.ts';
import { callerHeaders } from '../../schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../schemas/replies.ts';
import { needsKey } from '../../schemas/security.ts';

const schema = {
  operationId: 'price',
  tags: ['money'],
  summary: 'What a job would cost',
  security: needsKey,
  querystring: priceQuerySchema,
  response: {
    200: jsonReply('The price', priceQuoteSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'invalid_request', 'not_found'),
  },
} as const;

/** GET /api/price */
export function priceRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(paths.api.price, { schema, onRequest: gate.ownKey }, async ({ query }): Promise<PriceQuote> => {
    const card = modelOf(services, query.model);
    const { width, height } = sizeFor(requestedSize(query, card.defaults, card.sizes), card, sideNamesOf(query));
    const samples = query.samples ?? defaults.samples;
    const steps = query.num_inference_steps ?? card.defaults.steps;
    const price = priceOfRequest({ samples, steps, width, height }, services.tariff);
    return {
      price: microToNumber(price),
      model: card.slug,
      samples,
      num_inference_steps: steps,
      img_width: width,
      img_height: height,
    };
  });
}
