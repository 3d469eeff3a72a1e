import { type ComponentType, useEffect } from 'react';
import { ArenaView } from './arena/arena-view.tsx';
import { ConsoleView } from './console/console-view.tsx';
import { HistoryView } from './history/history-view.tsx';
import { Header } from './parts/header.tsx';
import { NothingHereView } from './parts/nothing-here-view.tsx';
import { Announcer } from './playground/announcer.tsx';
import { PlaygroundView } from './playground/playground-view.tsx';
import { RunsProvider } from './playground/runs.tsx';
import { ReferenceView } from './reference/reference-view.tsx';
import { type Shown, titles, useRoute } from './router.ts';
import { KeyGate } from './session/key-gate.tsx';
import { ModelsProvider } from './session/models.tsx';
import { SessionProvider } from './session/session.tsx';

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
