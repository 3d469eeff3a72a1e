import { ArenaView } from './arena/arena-view.tsx';
import { ConsoleView } from './console/console-view.tsx';
import { HistoryView } from './history/history-view.tsx';
import { Header } from './parts/header.tsx';
import { PlaygroundView } from './playground/playground-view.tsx';
import { RunsProvider } from './playground/runs.tsx';
import { ReferenceView } from './reference/reference-view.tsx';
import { useRoute } from './router.ts';
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
