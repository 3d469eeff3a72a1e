import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { accountLedgerRoute } from '../api/ledger.ts';
import { accountUsageRoute } from '../api/usage.ts';
import { accountRoutes } from './accounts.ts';
import { grantRoutes } from './grants.ts';
import { allJobsRoute, cancelAnyJobRoute } from './jobs.ts';
import { keyRoutes } from './keys.ts';
import { queueRoutes } from './queue.ts';
import { workersRoute } from './workers.ts';

/** What an admin key can do. */
export function adminRoutes(app: HttpApp, context: RouteContext): void {
  accountRoutes(app, context);
  keyRoutes(app, context);
  grantRoutes(app, context);
  allJobsRoute(app, context);
  cancelAnyJobRoute(app, context);
  accountLedgerRoute(app, context);
  accountUsageRoute(app, context);
  queueRoutes(app, context);
  workersRoute(app, context);
}
