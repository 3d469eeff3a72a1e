import type { Surface } from '../http/surface.ts';
import { admin } from './admin/surface.ts';
import { api } from './api/surface.ts';
import { health } from './health/surface.ts';
import { openai } from './openai/surface.ts';
import { type PageOptions, page } from './page/surface.ts';
import { segmind } from './segmind/surface.ts';

export interface SurfaceOptions {
  readonly segmind: Parameters<typeof segmind>[0];
  readonly openai: Parameters<typeof openai>[0];
  /** Null: there is no page. */
  readonly page: PageOptions | null;
}

/** Every surface of the server, in the order of the API page: a new one is a folder here and a line in this list. */
export async function allSurfaces(options: SurfaceOptions): Promise<readonly Surface[]> {
  return [
    segmind(options.segmind),
    openai(options.openai),
    api,
    admin,
    health,
    ...(options.page === null ? [] : [await page(options.page)]),
  ];
}
