import { type ComponentType, useEffect } from 'react';
import { ArenaView } from './arena/arena-view.tsx';
import { ConsoleView } from './console/console-view.tsx';
import { Header } from './header.tsx';
import { HistoryView } from './history/history-view.tsx';
import { Link } from './parts/buttons.tsx';
import { KeyGate } from './parts/key-gate.tsx';
import { PlaygroundView } from './playground/playground-view.tsx';
import { ReferenceView } from './reference/reference-view.tsx';
import { addressOf, type Shown, titles, useRoute } from './router.ts';
import { Announcer, RunsProvider } from './runs/runs.tsx';
import { ModelsProvider, SessionProvider } from './session/session.tsx';

const views: Readonly<Record<Shown, ComponentType>> = {
  playground: PlaygroundView,
  history: HistoryView,
  arena: ArenaView,
  console: ConsoleView,
  reference: ReferenceView,
  nothing: NothingHereView,
};

/**
 * A key that is held down presses what has the focus once: forms and buttons here cost money, delete and close. In a text it makes
 * as many lines as before.
 */
function pressOnce(event: KeyboardEvent): void {
  if (event.repeat && event.key === 'Enter' && !(event.target instanceof HTMLTextAreaElement)) event.preventDefault();
}

export function App() {
  const { view } = useRoute();
  useEffect(() => {
    document.title = `${titles[view]} · Easel`;
  }, [view]);
  useEffect(() => {
    // A file that misses its place must not take the page's.
    const stay = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
    };
    window.addEventListener('dragover', stay);
    window.addEventListener('drop', stay);
    window.addEventListener('keydown', pressOnce, { capture: true });
    return () => {
      window.removeEventListener('keydown', pressOnce, { capture: true });
      window.removeEventListener('dragover', stay);
      window.removeEventListener('drop', stay);
    };
  }, []);
  const View = views[view];
  return (
    <SessionProvider>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <KeyGate>
          <ModelsProvider>
            <RunsProvider>
              <Announcer />
              <View />
            </RunsProvider>
          </ModelsProvider>
        </KeyGate>
      </main>
    </SessionProvider>
  );
}

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
