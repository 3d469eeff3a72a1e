// A process of workers that only sleep. It is told where and how many, and works until its parent goes.
import { type DatabaseAddress, openDatabase } from '../../packages/server/src/database/database.ts';
import { startJobServices } from '../../packages/server/test/support/job-services.ts';
import { SleepingPainter } from './sleeping-painter.ts';

/** What the process is told. */
export interface Errand {
  readonly address: DatabaseAddress;
  readonly folder: string;
  readonly model: string;
  readonly workers: number;
  readonly sleepMs: number;
}

function isErrand(message: unknown): message is Errand {
  return typeof message === 'object' && message !== null && 'address' in message && 'sleepMs' in message;
}

process.once('disconnect', () => process.exit(0));
process.once('message', async (message: unknown) => {
  if (!isErrand(message)) throw new TypeError('this is no errand');
  const { address, folder, model, workers, sleepMs } = message;
  const database = openDatabase({ address, onConnectionLost: () => {} });
  const services = await startJobServices({ address, database, folder, models: [model], jobsPerAccount: 64 });
  const { run } = services.worker(new SleepingPainter(sleepMs));
  for (let worker = 0; worker < workers; worker += 1) {
    await services.queue.work({ model, onJob: (job) => run(job) });
  }
  process.send?.('ready');
});
