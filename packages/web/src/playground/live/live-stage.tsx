import type { JobCreate } from '@easel/contract';
import { useEffect, useState } from 'react';
import { credits } from '../../format/text.ts';
import { Mat } from '../stage.tsx';
import { useQuote } from '../use-price.ts';
import type { Draft } from './draft-loop.ts';
import '../../styles/live.css';

export interface LiveStageProps {
  readonly draft: Draft;
  /** Jobs that come before the next draft; undefined: none is being made. */
  readonly ahead: number | undefined;
  readonly onKeep: (request: JobCreate) => void;
}

/** Who presses what was in this place a moment ago does not mean Keep, which is charged. */
const SETTLING_MS = 400;

/** The last draft as large as the window allows, marked as one, and the way to have the picture itself. */
export function LiveStage({ draft: { request, query, picture }, ahead, onKeep }: LiveStageProps) {
  const { prompt, img_width: width = 1, img_height: height = 1 } = request;
  const price = useQuote(query)?.price;
  const isSettled = useSettled();
  const isReady = isSettled && price !== undefined;
  const amount = price === undefined ? '' : ` (${credits(price)} credits)`;
  return (
    <section className="stage-run live-stage" aria-label="Draft" aria-busy={ahead !== undefined}>
      <div className="easel">
        <Mat count={1} size={{ width, height }}>
          <div className={ahead === undefined ? 'place' : 'place next'}>
            <img src={picture} alt={`Draft: ${prompt}`} draggable={false} />
            <span className="draft-mark" aria-hidden="true">
              Draft
            </span>
          </div>
        </Mat>
      </div>
      <div className="caption">
        <div className="caption-line">
          <p className="prompt" dir="auto" title={prompt}>
            {prompt}
          </p>
        </div>
        <div className="progress-line">
          <button
            type="button"
            className="primary"
            // Disabled, it would lose the focus.
            aria-disabled={!isReady}
            title={`Generates this picture in ${width}×${height} and saves it`}
            // The second half of a double click would be charged, too.
            onClick={({ detail }) => isReady && detail < 2 && onKeep(request)}
          >
            Keep{amount}
          </button>
          <small className="status quiet">
            Draft: small, free and not saved.
            {ahead !== undefined && ahead > 0 && ` The next one waits for ${ahead} ${ahead === 1 ? 'job' : 'jobs'}.`}
          </small>
        </div>
      </div>
    </section>
  );
}

function useSettled(): boolean {
  const [isSettled, setSettled] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), SETTLING_MS);
    return () => clearTimeout(timer);
  }, []);
  return isSettled;
}
