import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { killHard } from '../kill/victims.ts';
import type { Condition } from '../support/tcp-proxy.ts';
import type { Cluster, Machine } from './cluster.ts';

/** What happens to the cluster. All is as before when it resolves. */
export interface Fault {
  readonly what: string;
  readonly strike: (cluster: Cluster) => Promise<void>;
}

type Random = () => number;

/** Every kind of fault, once, in random order: so a short run meets all of them. */
export function faultsInTurn(random: Random, longestMs: number): readonly Fault[] {
  const order = kinds.map((kind) => ({ kind, place: random() })).toSorted((one, other) => one.place - other.place);
  return order.map(({ kind }) => kind(random, Math.round((0.2 + 0.8 * random()) * longestMs)));
}

type Kind = (random: Random, ms: number) => Fault;

const kinds: readonly Kind[] = [
  onMachine('killed', 'servers', (machine, ms) => machine.killAndRestart(ms / 4)),
  onMachine('killed', 'workers', (machine, ms) => machine.killAndRestart(ms / 4)),
  onMachine('paused', 'servers', (machine, ms) => paused([machine.pid()], ms)),
  onMachine('paused', 'workers', (machine, ms) => paused([machine.pid()], ms)),
  ...(['servers', 'workers'] as const).flatMap((which) => [
    onNetwork('toDatabase', which, 'cut'),
    onNetwork('toDatabase', which, 'silent'),
    onNetwork('toStore', which, 'cut'),
    onNetwork('toStore', which, 'silent'),
    onNetwork('toDatabase', which, { delayMs: 40 }),
    onNetwork('toStore', which, { delayMs: 100 }),
  ]),
  (_, ms) => ({
    what: `the database is killed`,
    async strike(cluster) {
      killHard(cluster.postmaster);
      await sleep(ms / 4);
      await cluster.restartDatabase();
    },
  }),
  (_, ms) => ({
    what: `the database is paused for ${ms} ms`,
    strike: ({ postmaster }) => paused([postmaster, ...childrenOf(postmaster)], ms),
  }),
  (_, ms) => ({
    what: `the store is killed`,
    async strike({ store }) {
      await store.kill();
      await sleep(ms / 4);
      await store.restart();
    },
  }),
  (_, ms) => ({ what: `the store is paused for ${ms} ms`, strike: ({ store }) => paused([store.pid], ms) }),
];

function onMachine(
  how: string,
  which: 'servers' | 'workers',
  strike: (machine: Machine, ms: number) => Promise<void>,
): Kind {
  return (random, ms) => {
    const place = random();
    return {
      what: `one of the ${which} is ${how} (${place.toFixed(2)}, ${ms} ms)`,
      strike: (cluster) => strike(chosen(cluster[which], place), ms),
    };
  };
}

function onNetwork(network: 'toDatabase' | 'toStore', which: 'servers' | 'workers', condition: Condition): Kind {
  return (random, ms) => {
    const place = random();
    return {
      what: `the network ${network} of one of the ${which} is ${JSON.stringify(condition)} (${place.toFixed(2)}, ${ms} ms)`,
      async strike(cluster) {
        const proxy = chosen(cluster[which], place)[network];
        proxy.condition = condition;
        await sleep(ms);
        // As a firewall that has forgotten the connections meanwhile.
        if (condition === 'silent' && place > 0.5) proxy.condition = 'cut';
        proxy.condition = 'whole';
      },
    };
  };
}

function chosen(machines: readonly Machine[], place: number): Machine {
  const machine = machines[Math.floor(place * machines.length)];
  if (machine === undefined) throw new RangeError('there is no such machine');
  return machine;
}

async function paused(pids: readonly (number | undefined)[], ms: number): Promise<void> {
  const known = pids.filter((pid) => pid !== undefined);
  for (const pid of known) signal(pid, 'SIGSTOP');
  await sleep(ms);
  for (const pid of known) signal(pid, 'SIGCONT');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}

function childrenOf(parent: number): number[] {
  const isChild = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`PPid:\t${parent}\n`);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && isChild(entry))
    .map(Number);
}
