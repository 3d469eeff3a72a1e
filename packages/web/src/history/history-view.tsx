import type { Job, JobCreate } from '@easel/contract';
import { useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { Link } from '../parts/buttons.tsx';
import { Notice, Trouble } from '../parts/notices.tsx';
import { addressOf, go, useRoute } from '../router.ts';
import { useRuns } from '../runs/runs.tsx';
import { messageOf } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { handOver } from '../settings/initial-settings.ts';
import type { Settings } from '../settings/settings.ts';
import { type Choice, CompareDialog } from './compare-dialog.tsx';
import { type Filter, Filters, faultOfFilter, filterOf, queryOf } from './filters.tsx';
import { HistoryEntry } from './history-entry.tsx';
import { useHistory } from './use-history.ts';

/** All that was made, newest first; the address holds the search, so that it can be kept and gone back to. */
export function HistoryView() {
  const { client } = useSession();
  const { query } = useRoute();
  const filter = filterOf(query);
  const { start } = useRuns();
  const fault = faultOfFilter(filter);
  const history = useHistory(fault === undefined ? filter : null);
  const gallery = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<readonly Choice[]>([]);
  const [problem, setProblem] = useState<string>();

  const search = (change: Partial<Filter>) =>
    go(addressOf('history', queryOf({ ...filter, ...change })), { replace: true });
  const use = (settings: Partial<Settings>) => {
    handOver(settings);
    go(addressOf('playground'));
  };
  const make = (request: JobCreate) => {
    start(request);
    go(addressOf('playground'));
  };
  const attempt = async (work: () => Promise<void>) => {
    try {
      setProblem(undefined);
      await work();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const favour = (job: Job) =>
    attempt(async () => history.replace(await client.jobs.change(job.id, { favourite: !job.favourite })));
  const forget = (job: Job) =>
    attempt(async () => {
      const place = history.jobs.findIndex(({ id }) => id === job.id);
      await client.jobs.forget(job.id);
      flushSync(() => history.remove(job));
      // The next one takes its place, also for whoever goes by keyboard.
      const next = gallery.current?.children[Math.min(place, history.jobs.length - 2)];
      next?.querySelector<HTMLElement>('.delete')?.focus();
      setChosen((others) => others.filter((other) => other.job.id !== job.id));
    });
  const cancel = (job: Job) => attempt(async () => history.replace(await client.jobs.cancel(job.id)));
  const isChosen = ({ id }: Choice['image']) => chosen.some(({ image }) => image.id === id);
  const choose = (choice: Choice) =>
    setChosen((others) => {
      const rest = others.filter(({ image }) => image.id !== choice.image.id);
      return rest.length < others.length ? rest : [...others.slice(-1), choice];
    });
  const [left, right] = chosen;

  return (
    <div className="stack">
      <div className="row wrap spread">
        <h1>History</h1>
        <Filters filter={filter} onChange={search} />
      </div>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {left !== undefined && (
        <p className="row choosing card" role="status">
          {right === undefined ? 'Choose another picture to compare with.' : 'Two pictures are chosen.'}
          <button type="button" className="plain" onClick={() => setChosen([])}>
            Clear the choice
          </button>
        </p>
      )}
      {left && right && <CompareDialog left={left} right={right} onClose={() => setChosen([])} />}
      {fault !== undefined && <Notice kind="error">{fault}</Notice>}
      <div className="gallery" ref={gallery}>
        {history.jobs.map((job) => (
          <HistoryEntry
            key={job.id}
            job={job}
            choice={{ isChosen, onChoose: (image) => choose({ job, image }) }}
            onUse={use}
            onMake={make}
            onFavour={() => void favour(job)}
            onForget={() => void forget(job)}
            onCancel={() => void cancel(job)}
          />
        ))}
      </div>
      <Trouble problem={history.problem} again={history.more} />
      {fault === undefined && history.state === 'end' && history.jobs.length === 0 && (
        <p className="quiet centred">
          {Object.keys(queryOf(filter)).length > 0 ? (
            'Nothing fits this search.'
          ) : (
            <>
              Nothing has been made yet. <Link href={addressOf('playground')}>Make a picture</Link>
            </>
          )}
        </p>
      )}
      {fault === undefined && history.state !== 'end' && history.problem === undefined && (
        <p ref={history.sentinel} className="quiet centred">
          {history.state === 'loading' ? (
            'Loading…'
          ) : (
            <button type="button" onClick={history.more}>
              More
            </button>
          )}
        </p>
      )}
    </div>
  );
}
