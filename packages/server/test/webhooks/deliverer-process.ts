import { systemClock } from '../../src/clock.ts';
import { type DatabaseAddress, openDatabase } from '../../src/database/database.ts';
import { EventBus } from '../../src/jobs/event-bus.ts';
import { secretsOfText } from '../../src/keys/server-secret.ts';
import { WebhookDeliverer } from '../../src/webhooks/deliverer.ts';
import { WebhookTargets } from '../../src/webhooks/targets.ts';
import { startJobServices } from '../support/job-services.ts';

// A server that the test kills: one that sends webhooks until it dies or its parent does, or one that ends a job and dies at once.

interface Errand {
  readonly address: DatabaseAddress;
  readonly folder: string;
  readonly leaseMs: number;
  /** The job to end; null: send webhooks. */
  readonly jobId: string | null;
}

function isErrand(message: unknown): message is Errand {
  return typeof message === 'object' && message !== null && 'address' in message && 'leaseMs' in message;
}

process.once('disconnect', () => process.exit(0));
process.once('message', async (message: unknown) => {
  if (!isErrand(message)) throw new TypeError('this is no errand');
  const { address, folder, leaseMs, jobId } = message;
  const database = openDatabase({ address, onConnectionLost: () => {} });
  if (jobId !== null) {
    const services = await startJobServices({ address, database, folder });
    await services.cancelJob(null, jobId);
    process.kill(process.pid, 'SIGKILL');
  }
  const bus = new EventBus({ database, address, onConnectionLost: () => {} });
  await bus.start();
  const [secret] = secretsOfText('the secret of the webhooks in a test');
  const targets = new WebhookTargets({ networks: ['127.0.0.0/8'], allowsHttp: true });
  const parts = { database, bus, clock: systemClock, secret, targets, report: () => {} };
  new WebhookDeliverer(parts, { leaseMs, timeoutMs: 300_000 }).start();
});
