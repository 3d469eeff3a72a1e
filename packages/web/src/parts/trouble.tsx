import type { Loaded } from '../session/use-loaded.ts';
import { Notice } from './notice.tsx';

/** What stands in place of a view, or above it, while the server has not answered. */
export function Trouble({ problem, again }: Pick<Loaded<unknown>, 'problem' | 'again'>) {
  if (problem === undefined) return null;
  return (
    <Notice kind="error">
      {problem}{' '}
      <button type="button" onClick={again}>
        Try again
      </button>
    </Notice>
  );
}
