import type { Model } from '@easel/contract';
import { useCallback, useEffect, useRef, useState } from 'react';
import { balance } from './format/text.ts';
import icon from './icon.svg';
import { Link } from './parts/buttons.tsx';
import { Trouble } from './parts/notices.tsx';
import { addressOf, titles, useRoute, type View } from './router.ts';
import { useLoaded } from './session/requests.ts';
import { useSession } from './session/session.tsx';

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

/** What draws here, and whose work it is. */
export function AboutBox() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const open = () => {
    setOpen(true);
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" className="plain" onClick={open}>
        About
      </button>
      <dialog ref={dialog} className="card narrow" aria-label="About Easel" onClose={() => setOpen(false)}>
        <h2>Easel</h2>
        <p>
          Pictures from prompts on your own machine, in TypeScript from the tokenizer to this page. Apache License 2.0.
        </p>
        {isOpen && <WhatDraws />}
        <p className="quiet">
          No content filter is built in. What is made here is the responsibility of whoever runs this server.
        </p>
        <form method="dialog">
          <button type="submit" className="primary">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}

function WhatDraws() {
  const { client } = useSession();
  const ask = useCallback(async (signal: AbortSignal) => (await client.models({ signal })).models, [client]);
  const { reply: models = [], problem, again } = useLoaded(ask);
  return (
    <>
      <Trouble problem={problem} again={again} />
      {models.map((model) => (
        <section key={model.id}>
          <h3>{model.id}</h3>
          <p>
            Model: {model.name}, {model.defaults.img_width}×{model.defaults.img_height}
            {model.is_embedded && ', the small model that comes along'}. <Licence licence={model.licence} />
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

/** Only an address can be followed from here; a path is one on the server. */
function Licence({ licence }: Pick<Model, 'licence'>) {
  if (licence === null) return 'Its card names no licence: ask whoever you have it from.';
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
const signs = { system: '◐', light: '☀', dark: '☾' } as const;

function storedTheme(): Theme {
  return themes.find((each) => each === localStorage.getItem(STORED)) ?? 'system';
}

/** Light, dark, or what the system has. */
export function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
  useEffect(() => {
    localStorage.setItem(STORED, theme);
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  return (
    <button
      type="button"
      className="plain"
      aria-label={`Colours: ${theme}. Change to ${next}`}
      onClick={() => setTheme(next)}
    >
      <span aria-hidden="true">{signs[theme]}</span>
    </button>
  );
}
