import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { cancelJobRoute } from './cancel-job.ts';
import { createJobRoute } from './create-job.ts';
import { creditsRoute } from './credits.ts';
import { deleteImageRoute } from './delete-image.ts';
import { eventsRoute } from './events.ts';
import { forgetJobRoute } from './forget-job.ts';
import { getImageRoute } from './get-image.ts';
import { getJobRoute } from './get-job.ts';
import { jobEventsRoute } from './job-events.ts';
import { ledgerRoute } from './ledger.ts';
import { listJobsRoute } from './list-jobs.ts';
import { modelsRoute } from './models.ts';
import { patchJobRoute } from './patch-job.ts';
import { priceRoute } from './price.ts';
import { tokenizeRoute } from './tokenize.ts';
import { usageRoute } from './usage.ts';

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
