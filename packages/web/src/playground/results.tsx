import type { JobCreate } from '@easel/contract';
import { Link } from '../parts/link.tsx';
import { addressOf } from '../router.ts';
import { RunCard } from './run-card.tsx';
import { useRuns } from './runs.tsx';
import type { Settings } from './settings.ts';

const ideas = [
  'a red apple on a blue background',
  'a panda in the snow',
  'line art of a guitar',
  'two sunflowers under a blue sky',
  'a rocket in space',
  'a fox in the forest',
];

export interface ResultsProps {
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
  readonly onPrompt: (prompt: string) => void;
}

export function Results({ onUse, onMake, onPrompt }: ResultsProps) {
  const { runs } = useRuns();
  return (
    <section className="results" aria-label="Pictures">
      {runs.length === 0 ? (
        <div className="empty">
          <p>Type a prompt and press Enter. For a start:</p>
          <ul className="ideas">
            {ideas.map((idea) => (
              <li key={idea}>
                <button type="button" onClick={() => onPrompt(idea)}>
                  {idea}
                </button>
              </li>
            ))}
          </ul>
          <p>
            <Link href={addressOf('history')}>See earlier pictures</Link>
          </p>
        </div>
      ) : (
        runs.map((run) => <RunCard key={run.key} run={run} onUse={onUse} onMake={onMake} />)
      )}
    </section>
  );
}
