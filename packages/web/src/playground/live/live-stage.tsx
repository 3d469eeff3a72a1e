import type { JobCreate } from '@easel/contract';
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

/** The last draft as large as the window allows, marked as one, and the way to have the picture itself. */
export function LiveStage({ draft: { request, query, picture }, ahead, onKeep }: LiveStageProps) {
  const { prompt, img_width: width = 1, img_height: height = 1 } = request;
  const price = useQuote(query)?.price;
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
            disabled={price === undefined}
            title={`Generates this picture in ${width}×${height} and saves it`}
            // The second half of a double click would be charged, too.
            onClick={({ detail }) => detail < 2 && onKeep(request)}
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
