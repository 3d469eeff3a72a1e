import { defaultSlug, paths } from '@easel/contract';
import type { Surface } from '../../http/surface.ts';
import { openaiErrors } from './replies.ts';
import { editsRoute, imagesRoute, modelRoutes, type OpenaiOptions } from './routes.ts';

const startImages = `send it as \`image\` to POST ${paths.openai.edits}, POST /v1/${defaultSlug} or POST /api/jobs`;

/** What the official OpenAI clients speak. They also ask for what is not here, and understand an error only in their own shape. */
export function openai(options: OpenaiOptions): Surface {
  const others = [
    'audio',
    'batches',
    'chat',
    'completions',
    'embeddings',
    'files',
    'moderations',
    'responses',
    'uploads',
  ];
  return {
    name: 'openai',
    places: ['/v1/images', paths.openai.models, ...others.map((name) => `/v1/${name}`)],
    errors: openaiErrors,
    tags: [{ name: 'openai', description: 'Compatible with the official OpenAI clients' }],
    // Of clients whose base URL ends with `/v1` where it should not, or the other way round.
    aliases: [
      [/^(?:\/v1){2,}(?=\/)/, '/v1'],
      [/^\/(?=(?:images\/(?:generations|edits|variations)|models)(?:\/|$))/, '/v1/'],
    ],
    notSupported: new Map([
      ['/v1/images/variations', `image variations are not supported; to start from a picture, ${startImages}`],
    ]),
    addRoutes(app, context) {
      imagesRoute(app, context, options);
      editsRoute(app, context, options);
      modelRoutes(app, context, options);
    },
  };
}
