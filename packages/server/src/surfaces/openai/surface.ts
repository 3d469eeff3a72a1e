import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { imagesRoute } from './images.ts';
import { modelRoutes } from './models.ts';

/** What the official OpenAI clients speak. */
export function openaiRoutes(app: HttpApp, context: RouteContext): void {
  imagesRoute(app, context);
  modelRoutes(app, context);
}
