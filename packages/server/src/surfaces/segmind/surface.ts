import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { generateRoute, submitRoute } from './generate.ts';
import { creditsRoute, resultRoutes, statusRoute } from './requests.ts';

/** The drop-in replacement: the page's synchronous call and the vendor's asynchronous ones. */
export function segmindRoutes(app: HttpApp, context: RouteContext): void {
  generateRoute(app, context);
  creditsRoute(app, context);
  submitRoute(app, context);
  statusRoute(app, context);
  resultRoutes(app, context);
}
