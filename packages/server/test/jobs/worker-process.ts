import { type DatabaseAddress, openDatabase } from '../../src/database/database.ts';
import { startJobServices } from '../support/job-services.ts';
import { openPainter } from '../support/open-painter.ts';

// A worker that the test can kill. It is told where to work and works until it dies or its parent does.

interface Errand {
  readonly address: DatabaseAddress;
  readonly folder: string;
}

function isErrand(message: unknown): message is Errand {
  return typeof message === 'object' && message !== null && 'address' in message && 'folder' in message;
}

process.once('disconnect', () => process.exit(0));
process.once('message', async (message: unknown) => {
  if (!isErrand(message)) throw new TypeError('this is no errand');
  const { address, folder } = message;
  const database = openDatabase({ address, onConnectionLost: () => {} });
  const services = await startJobServices({ address, database, folder });
  const { run } = services.worker(await openPainter());
  await services.queue.work({ model: 'demo', onJob: (job) => run(job) });
});
