import { type ComponentType, Suspense, useEffect } from 'react';
import { EditorProvider } from './editor/editor.tsx';
import { Header } from './header.tsx';
import { Link } from './parts/buttons.tsx';
import { KeyGate } from './parts/key-gate.tsx';
import { type LazyView, LoadingView, lazyView } from './parts/lazy-view.tsx';
import { PlaygroundView } from './playground/playground-view.tsx';
import { QueueButton } from './queue/queue-button.tsx';
import { addressOf, type Shown, useRoute } from './router.ts';
import { RunSignals } from './runs/run-signals.tsx';
import { RunsProvider } from './runs/runs.tsx';
import { ModelsProvider, SessionProvider } from './session/session.tsx';

const ArenaView = lazyView(() => import('./arena/arena-view.tsx').then((module) => module.ArenaView));
const GalleryView = lazyView(() => import('./gallery/gallery-view.tsx').then((module) => module.GalleryView));
const ConsoleView = lazyView(() => import('./console/console-view.tsx').then((module) => module.ConsoleView));
const ReferenceView = lazyView(() => import('./reference/reference-view.tsx').then((module) => module.ReferenceView));

const PicturePage = lazyView(() => import('./viewer/picture-page.tsx').then((module) => module.PicturePage));
const SharedPicture = lazyView(() => import('./viewer/shared-picture.tsx').then((module) => module.SharedPicture));

const views: Readonly<Record<Shown, ComponentType | LazyView<object>>> = {
  playground: PlaygroundView,
  gallery: GalleryView,
  arena: ArenaView,
  console: ConsoleView,
  reference: ReferenceView,
  picture: PictureView,
  nothing: NotFoundView,
};

/**
 * Holding down Enter activates the focused element once: buttons here spend credits, delete and close. In a textarea it still
 * inserts line breaks.
 */
function ignoreRepeatedEnter(event: KeyboardEvent): void {
  if (event.repeat && event.key === 'Enter' && !(event.target instanceof HTMLTextAreaElement)) event.preventDefault();
}

export function App() {
  const { view, picture } = useRoute();
  const View = views[view];
  // While the server is asked who this is: before that, nothing is shown.
  useEffect(() => {
    if ('preload' in View) View.preload();
  }, [View]);
  useEffect(() => {
    // A file dropped outside a drop zone must not replace the page.
    const preventNavigation = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
    };
    window.addEventListener('dragover', preventNavigation);
    window.addEventListener('drop', preventNavigation);
    window.addEventListener('keydown', ignoreRepeatedEnter, { capture: true });
    return () => {
      window.removeEventListener('keydown', ignoreRepeatedEnter, { capture: true });
      window.removeEventListener('dragover', preventNavigation);
      window.removeEventListener('drop', preventNavigation);
    };
  }, []);
  return (
    <SessionProvider>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <KeyGate {...(picture !== undefined && { withoutKey: <PictureForAll name={picture} /> })}>
          <ModelsProvider>
            <RunsProvider>
              <RunSignals />
              <QueueButton />
              <EditorProvider>
                <Suspense fallback={<LoadingView />}>
                  <View />
                </Suspense>
              </EditorProvider>
            </RunsProvider>
          </ModelsProvider>
        </KeyGate>
      </main>
    </SessionProvider>
  );
}

/** For the address of one picture. */
function PictureView() {
  const { picture } = useRoute();
  return picture === undefined ? null : <PicturePage name={picture} />;
}

/** The same for who has no key. */
function PictureForAll({ name }: { readonly name: string }) {
  return (
    <Suspense fallback={<LoadingView />}>
      <SharedPicture name={name} />
    </Suspense>
  );
}

/** For an address without a view. */
function NotFoundView() {
  return (
    <section className="narrow card">
      <h1>Page not found</h1>
      <p>
        There is no page at <code>{window.location.pathname}</code>. Check the address for typos.
      </p>
      <p>
        <Link href={addressOf('playground')}>Go to the playground</Link>
      </p>
    </section>
  );
}
