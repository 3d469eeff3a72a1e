import { Link } from '../parts/buttons.tsx';
import { addressOf } from '../router.ts';
import type { Gallery } from './use-gallery.ts';

/** Loads the next page when it comes into view, and says when there is nothing to show. */
export function EndOfList({ gallery, isSearch }: { readonly gallery: Gallery; readonly isSearch: boolean }) {
  const { jobs, state, problem, more, sentinel } = gallery;
  if (state === 'end') {
    if (jobs.length > 0) return null;
    return isSearch ? (
      <p className="quiet centred" role="status">
        No results.
      </p>
    ) : (
      <NoPictures />
    );
  }
  if (problem !== undefined) return null;
  return (
    <p ref={sentinel} className="quiet centred">
      {state === 'loading' ? (
        'Loading…'
      ) : (
        <button type="button" onClick={more}>
          Load more
        </button>
      )}
    </p>
  );
}

function NoPictures() {
  return (
    <div className="no-pictures">
      <div className="frames" aria-hidden="true">
        {[1, 1.5, 0.7, 1.2].map((ratio) => (
          <span key={ratio} style={{ aspectRatio: ratio }} />
        ))}
      </div>
      <p>No pictures yet.</p>
      <p className="quiet">Everything that you generate is kept here, with its prompt and settings.</p>
      <Link href={addressOf('playground')} className="as-button">
        Generate a picture
      </Link>
    </div>
  );
}
