import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { creditsRoute } from './credits.ts';
import { generateRoute } from './generate.ts';
import { resultRoutes } from './result.ts';
import { statusRoute } from './status.ts';
import { submitRoute } from './submit.ts';

/** The drop-in replacement: the page's synchronous call and the vendor's asynchronous ones. */
export function segmindRoutes(app: HttpApp, context: RouteContext): void {
  generateRoute(app, context);
  creditsRoute(app, context);
  submitRoute(app, context);
  statusRoute(app, context);
  resultRoutes(app, context);
}
