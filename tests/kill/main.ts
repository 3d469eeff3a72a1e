/**
 * Kills server, engine, worker and database at random moments with jobs in flight, and checks that no job, credit or picture is lost;
 * then, half as often, database or server under clients that wait, and checks that what they were told is true.
 *
 *   npm run test:kill -- [ROUNDS, default 60] [SEED]
 */
import { killRounds } from './rounds.ts';
import { waitingRounds } from './waiting.ts';

const rounds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
console.log(`${rounds} rounds from seed ${seed}`);
await killRounds({ rounds, seed }, (report) => console.log(JSON.stringify(report)));
await waitingRounds({ rounds: Math.ceil(rounds / 2), seed }, (report) => console.log(JSON.stringify(report)));
console.log('every promise was kept');
