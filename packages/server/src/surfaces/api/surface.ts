import { problems, type Surface } from '../../http/surface.ts';
import { archiveRoute } from './archive.ts';
import { collectionsRoutes } from './collections.ts';
import { eventsRoute, jobEventsRoute } from './events.ts';
import { deleteImageRoute, getImageRoute, jobOfImageRoute } from './images.ts';
import { importRoute } from './imports.ts';
import { cancelJobRoute, createJobRoute, forgetJobRoute, getJobRoute, listJobsRoute, patchJobRoute } from './jobs.ts';
import { modelsRoute, tokenizeRoute } from './models.ts';
import { creditsRoute, ledgerRoute, priceRoute, usageRoute } from './money.ts';
import { ownQueueRoutes } from './own-queue.ts';
import { stylesRoutes } from './styles.ts';
import { accountWebhookRoutes } from './webhooks.ts';

/** Our own API, which the web page, the client and the command line use. */
export const api: Surface = {
  name: 'api',
  places: ['/api'],
  errors: problems,
  tags: [
    { name: 'jobs', description: 'Create, follow and cancel jobs' },
    { name: 'images', description: 'Pictures' },
    { name: 'models', description: 'Models and their limits' },
    { name: 'money', description: 'Credits, prices and usage' },
    { name: 'webhooks', description: 'Be told when jobs end' },
  ],
  addRoutes(app, context) {
    createJobRoute(app, context);
    listJobsRoute(app, context);
    getJobRoute(app, context);
    patchJobRoute(app, context);
    cancelJobRoute(app, context);
    forgetJobRoute(app, context);
    ownQueueRoutes(app, context);
    jobEventsRoute(app, context);
    eventsRoute(app, context);
    getImageRoute(app, context);
    jobOfImageRoute(app, context);
    deleteImageRoute(app, context);
    archiveRoute(app, context);
    importRoute(app, context);
    collectionsRoutes(app, context);
    modelsRoute(app, context);
    tokenizeRoute(app, context);
    stylesRoutes(app, context);
    priceRoute(app, context);
    creditsRoute(app, context);
    usageRoute(app, context);
    ledgerRoute(app, context);
    accountWebhookRoutes(app, context);
  },
};
