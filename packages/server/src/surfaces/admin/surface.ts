import { problems, type Surface } from '../../http/surface.ts';
import { accountLedgerRoute, accountUsageRoute } from '../api/money.ts';
import { adminWebhookRoutes } from '../api/webhooks.ts';
import { accountRoutes } from './accounts.ts';
import { auditActions, auditRoute } from './audit.ts';
import { grantRoutes, refundRoute } from './credits.ts';
import { keyRoutes } from './keys.ts';
import { modelRoutes } from './models.ts';
import { allJobsRoute, cancelAnyJobRoute, queueRoutes, workersRoute } from './queue.ts';
import { usageReportRoute } from './usage.ts';

/** What an admin key can do. */
export const admin: Surface = {
  name: 'admin',
  places: ['/api/admin'],
  errors: problems,
  tags: [{ name: 'admin', description: 'Administration, with an admin key' }],
  addRoutes(app, context) {
    auditActions(app, context);
    accountRoutes(app, context);
    keyRoutes(app, context);
    grantRoutes(app, context);
    refundRoute(app, context);
    allJobsRoute(app, context);
    cancelAnyJobRoute(app, context);
    accountLedgerRoute(app, context);
    accountUsageRoute(app, context);
    usageReportRoute(app, context);
    auditRoute(app, context);
    queueRoutes(app, context);
    workersRoute(app, context);
    modelRoutes(app, context);
    adminWebhookRoutes(app, context);
  },
};
