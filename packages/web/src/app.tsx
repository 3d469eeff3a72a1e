import { useEffect } from 'react';
import { ArenaView } from './arena/arena-view.tsx';
import { ConsoleView } from './console/console-view.tsx';
import { HistoryView } from './history/history-view.tsx';
import { Header } from './parts/header.tsx';
import { PlaygroundView } from './playground/playground-view.tsx';
import { RunsProvider } from './playground/runs.tsx';
import { ReferenceView } from './reference/reference-view.tsx';
import { titles, useRoute } from './router.ts';
import { KeyGate } from './session/key-gate.tsx';
import { SessionProvider } from './session/session.tsx';

const views = {
  playground: PlaygroundView,
  history: HistoryView,
  arena: ArenaView,
  console: ConsoleView,
  reference: ReferenceView,
} as const;

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
    return () => {
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
          <RunsProvider>
            <View />
          </RunsProvider>
        </KeyGate>
      </main>
    </SessionProvider>
  );
}
