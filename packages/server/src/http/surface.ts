import { paths } from '@easel/contract';

/** The three ways of speaking; they differ in their errors. */
export type Surface = 'segmind' | 'openai' | 'api';

/** Where OpenAI's clients look for things, here or not. */
const openaiPlaces: readonly string[] = [
  '/v1/images',
  paths.openai.models,
  ...['audio', 'batches', 'chat', 'completions', 'embeddings', 'files', 'moderations', 'responses', 'uploads'].map(
    (name) => `/v1/${name}`,
  ),
];

/** Which surface an address belongs to, whether or not there is something at it. */
export function surfaceOf(url: string): Surface {
  const path = pathOf(url);
  if (openaiPlaces.some((place) => path === place || path.startsWith(`${place}/`))) return 'openai';
  return path.startsWith('/v1/') || path.startsWith('/v2/') ? 'segmind' : 'api';
}

/** An address without its query. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}
