import { addressOf } from '../router.ts';
import { Link } from './link.tsx';

/** For an address that leads to none of the views. */
export function NothingHereView() {
  return (
    <section className="narrow card">
      <h1>There is no page here</h1>
      <p>
        This server has nothing at <code>{window.location.pathname}</code>. The link may be old, or a letter may be
        missing.
      </p>
      <p>
        <Link href={addressOf('playground')}>Go to the playground</Link>
      </p>
    </section>
  );
}
