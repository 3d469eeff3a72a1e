import type { Surface } from '../../http/surface.ts';
import { generateRoute, type SegmindOptions, submitRoute } from './generate.ts';
import { creditsRoute, resultRoutes, segmindErrors, statusRoute } from './requests.ts';

/** The drop-in replacement for Segmind: the synchronous call of v1, and the asynchronous ones of v2. */
export function segmind(options: SegmindOptions): Surface {
  return {
    name: 'segmind',
    places: ['/v1/', '/v2/'],
    errors: segmindErrors,
    tags: [{ name: 'segmind', description: 'Drop-in replacement for the Segmind API: change the host, keep the code' }],
    addRoutes(app, context) {
      generateRoute(app, context, options);
      creditsRoute(app, context);
      submitRoute(app, context);
      statusRoute(app, context);
      resultRoutes(app, context);
    },
  };
}
