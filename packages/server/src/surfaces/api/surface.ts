import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { eventsRoute, jobEventsRoute } from './events.ts';
import { deleteImageRoute, getImageRoute } from './images.ts';
import { cancelJobRoute, createJobRoute, forgetJobRoute, getJobRoute, listJobsRoute, patchJobRoute } from './jobs.ts';
import { modelsRoute, tokenizeRoute } from './models.ts';
import { creditsRoute, ledgerRoute, priceRoute, usageRoute } from './money.ts';

/** Our own surface: what the web page and the command line use. */
export function apiRoutes(app: HttpApp, context: RouteContext): void {
  createJobRoute(app, context);
  listJobsRoute(app, context);
  getJobRoute(app, context);
  patchJobRoute(app, context);
  cancelJobRoute(app, context);
  forgetJobRoute(app, context);
  jobEventsRoute(app, context);
  eventsRoute(app, context);
  getImageRoute(app, context);
  deleteImageRoute(app, context);
  modelsRoute(app, context);
  tokenizeRoute(app, context);
  priceRoute(app, context);
  creditsRoute(app, context);
  usageRoute(app, context);
  ledgerRoute(app, context);
}
