import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { accountLedgerRoute, accountUsageRoute } from '../api/money.ts';
import { accountRoutes, grantRoutes } from './accounts.ts';
import { keyRoutes } from './keys.ts';
import { allJobsRoute, cancelAnyJobRoute, queueRoutes, workersRoute } from './queue.ts';

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
