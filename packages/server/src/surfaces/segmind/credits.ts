import { microToNumber, paths, type SegmindCredits, segmindCreditsSchema } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';

/** All credits here come by grants and are told as `credits`; none are counted apart. */
const FREE_CREDITS = 0;

const schema = {
  operationId: 'segmindCredits',
  tags: ['segmind'],
  summary: 'What can still be spent',
  security: needsKey,
  response: {
    200: jsonReply('The credits', segmindCreditsSchema, callerHeaders),
    ...errorReplies('segmind', ...keyErrors),
  },
} as const;

/** GET /v1/get-user-credits */
export function creditsRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(paths.segmind.credits, { schema, onRequest: gate.ownKey }, async (request): Promise<SegmindCredits> => {
    const { available } = await services.credits.balance(callerOf(request).accountId);
    return { credits: microToNumber(available), 'free-credits': FREE_CREDITS };
  });
}
