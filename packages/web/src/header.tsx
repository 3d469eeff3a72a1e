import type { Model } from '@easel/contract';
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { balance, exactCredits } from './format/text.ts';
import icon from './icon.svg';
import { Link } from './parts/buttons.tsx';
import { LoadError } from './parts/notices.tsx';
import { QUEUE_PLACE } from './queue/queue-button.tsx';
import { addressOf, titles, useRoute, type View } from './router.ts';
import { useLoaded } from './session/requests.ts';
import { useSession } from './session/session.tsx';
import { useShortcuts } from './shortcuts.ts';

const ShortcutsDialog = lazy(() =>
  import('./parts/shortcuts-dialog.tsx').then((module) => ({ default: module.ShortcutsDialog })),
);

const entries: readonly View[] = ['playground', 'gallery', 'arena', 'console', 'reference'];

export function Header() {
  const { view } = useRoute();
  const { remaining, hasOwnKey, isRemembered, signOut } = useSession();
  return (
    <header className="top">
      <Link href={addressOf('playground')} className="brand">
        <img src={icon} alt="" width="28" height="28" />
        <span>Easel</span>
      </Link>
      <nav aria-label="Views">
        {entries.map((name) => (
          <Link key={name} href={addressOf(name)} aria-current={name === view ? 'page' : undefined}>
            {titles[name]}
          </Link>
        ))}
      </nav>
      <div className="row end">
        <span id={QUEUE_PLACE} />
        {remaining !== undefined && (
          <output className="balance" title={`Account balance: ${exactCredits(remaining)} credits`}>
            <b>{balance(remaining)}</b>
            <span> credits</span>
          </output>
        )}
        {hasOwnKey && (
          <button type="button" className="plain" onClick={signOut}>
            {isRemembered ? 'Forget key' : 'Sign out'}
          </button>
        )}
        <AboutBox />
        <ThemeButton />
      </div>
    </header>
  );
}

/** What this server runs, the licences of its models, and the keys of the page. */
function AboutBox() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [isListOpen, setListOpen] = useState(false);
  const open = () => {
    setOpen(true);
    dialog.current?.showModal();
  };
  const openList = () => {
    dialog.current?.close();
    setListOpen(true);
  };
  useShortcuts({ help: openList });
  return (
    <>
      {isListOpen && (
        <Suspense>
          <ShortcutsDialog onClose={() => setListOpen(false)} />
        </Suspense>
      )}
      <button type="button" className="plain" onClick={open}>
        About
      </button>
      <dialog ref={dialog} className="card narrow" aria-label="About Easel" onClose={() => setOpen(false)}>
        <h2>Easel</h2>
        <p>Self-hosted image generation, in TypeScript from the tokenizer to this page. Apache License 2.0.</p>
        {isOpen && <ModelLicences />}
        <p className="quiet">
          There is no built-in content filter. Whoever runs this server is responsible for the content it generates.
        </p>
        <form method="dialog" className="row wrap">
          <button type="submit" className="primary">
            Close
          </button>
          <button type="button" onClick={openList}>
            Keyboard shortcuts
          </button>
        </form>
      </dialog>
    </>
  );
}

function ModelLicences() {
  const { client } = useSession();
  const ask = useCallback(async (signal: AbortSignal) => (await client.models({ signal })).models, [client]);
  const { reply: models = [], problem, retry } = useLoaded(ask);
  return (
    <>
      <LoadError problem={problem} retry={retry} />
      {models.map((model) => (
        <section key={model.id}>
          <h3>{model.id}</h3>
          <p>
            Model: {model.name}, {model.defaults.img_width}×{model.defaults.img_height}
            {model.is_embedded && ' (small embedded model)'}. <Licence licence={model.licence} />
          </p>
          {model.licence && model.licence.attributions.length > 0 && (
            <ul className="quiet">
              {model.licence.attributions.map((notice) => (
                <li key={notice}>{notice}</li>
              ))}
            </ul>
          )}
        </section>
      ))}
    </>
  );
}

/** Links to the licence only if it is a web address; a path is one on the server. */
function Licence({ licence }: Pick<Model, 'licence'>) {
  if (licence === null) return 'The model card names no licence; ask whoever provided the model.';
  const name = /^[a-z0-9.-]+$/.test(licence.name) ? licence.name.toUpperCase() : licence.name;
  if (licence.link === null || !/^https?:\/\//.test(licence.link)) return `Licence: ${name}.`;
  return (
    <>
      Licence: <a href={licence.link}>{name}</a>.
    </>
  );
}

const STORED = 'easel.theme';
const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
/** Of the browser's bars: as the header; also in index.html. */
const barColours = { system: '#fffdfa', light: '#fffdfa', dark: '#211e17' } as const;
const symbols = { system: '◐', light: '☀', dark: '☾' } as const;

function loadTheme(): Theme {
  return themes.find((each) => each === localStorage.getItem(STORED)) ?? 'system';
}

/** Switches between light, dark and the theme of the system. */
function ThemeButton() {
  const [theme, setTheme] = useState(loadTheme);
  useEffect(() => {
    localStorage.setItem(STORED, theme);
    document.documentElement.dataset.theme = theme;
    for (const bar of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]'))
      bar.content = barColours[theme === 'system' && bar.media.includes('dark') ? 'dark' : theme];
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  return (
    <button
      type="button"
      className="plain"
      aria-label={`Theme: ${theme}. Switch to ${next}`}
      onClick={() => setTheme(next)}
    >
      <span aria-hidden="true">{symbols[theme]}</span>
    </button>
  );
}
