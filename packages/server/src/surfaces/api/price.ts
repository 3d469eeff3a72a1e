import { defaults, microToNumber, type PriceQuote, paths, priceQuerySchema, priceQuoteSchema } from '@easel/contract';
import { priceOfRequest } from '../../credits/price.ts';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { askedBy, sizeOf } from '../../http/requests/job-request.ts';
import { modelOf } from '../../http/requests/model-of.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';

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
    const asked = askedBy(query, 'price');
    const { width, height } = sizeOf(asked, card);
    const { samples = defaults.samples, steps = card.defaults.steps } = asked.values;
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
