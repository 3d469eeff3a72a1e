import { balance } from '../format/amounts.ts';
import icon from '../icon.svg';
import { addressOf, titles, useRoute, type View } from '../router.ts';
import { useSession } from '../session/session.tsx';
import { AboutBox } from './about-box.tsx';
import { Link } from './link.tsx';
import { ThemeButton } from './theme-button.tsx';

const entries: readonly View[] = ['playground', 'history', 'arena', 'console', 'reference'];

export function Header() {
  const { view } = useRoute();
  const { remaining, hasOwnKey, forgetKey } = useSession();
  return (
    <header className="top">
      <Link href={addressOf('playground')} className="brand">
        <img src={icon} alt="" width="28" height="28" />
        Easel
      </Link>
      <nav aria-label="Views">
        {entries.map((name) => (
          <Link key={name} href={addressOf(name)} aria-current={name === view ? 'page' : undefined}>
            {titles[name]}
          </Link>
        ))}
      </nav>
      <div className="row end">
        {remaining !== undefined && (
          <output className="balance" title="What this key's account can still spend">
            <b>{balance(remaining)}</b> credits
          </output>
        )}
        {hasOwnKey && (
          <button type="button" className="plain" onClick={forgetKey}>
            Forget key
          </button>
        )}
        <AboutBox />
        <ThemeButton />
      </div>
    </header>
  );
}
