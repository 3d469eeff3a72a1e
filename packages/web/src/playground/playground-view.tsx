import type { JobCreate, Model } from '@easel/contract';
import { type ReactNode, type RefObject, Suspense, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { composeStart } from '../files/compose-start.ts';
import { LoadingView, lazyView } from '../parts/lazy-view.tsx';
import { LoadError } from '../parts/notices.tsx';
import { addressOf, go, useRoute } from '../router.ts';
import { useRuns } from '../runs/runs.tsx';
import { useModels } from '../session/session.tsx';
import { loadSettings, onPendingSettings, saveSettings, takePendingSettings } from '../settings/initial-settings.ts';
import { defaultSettings, jobOf, promptsOf, type Settings, settingsForModel } from '../settings/settings.ts';
import { readAddress } from '../settings/settings-address.ts';
import { FirstVisit } from './first-visit.tsx';
import { type Live, useLive } from './live/use-live.ts';
import { PlaygroundForm } from './playground-form.tsx';
import { Sheet } from './sheet.tsx';
import { Stage } from './stage.tsx';
import { Strip } from './strip.tsx';
import { priceQueryOf, useQuote } from './use-price.ts';
import { useShown } from './use-shown.ts';
import '../styles/stage.css';

const LiveStage = lazyView(() => import('./live/live-stage.tsx').then((module) => module.LiveStage));

/** The first view: the form on one side; on the other the picture, and a strip of those before it. */
export function PlaygroundView() {
  const { reply: models = [], problem, retry } = useModels();
  const { settings, change, faults } = useSettings(models);
  const { start } = useRuns();
  const live = useLive(settings, useQuote(settings && priceQueryOf(settings)), change);
  const [isOpen, setOpen] = useState(false);
  const form = useRef<HTMLDivElement>(null);
  const isReady = settings !== undefined;
  useEffect(() => {
    if (isReady) focusAtFirst(form.current);
  }, [isReady]);
  if (settings === undefined) {
    return problem === undefined ? (
      <p className="quiet centred">Loading…</p>
    ) : (
      <LoadError problem={problem} retry={retry} />
    );
  }
  const make = (...requests: readonly JobCreate[]) => {
    live.leave();
    start(...requests);
    setOpen(false);
  };
  const makeWith = async (chosen: Settings) => {
    const start = await composeStart(chosen);
    make(...promptsOf(chosen).map((prompt) => jobOf({ ...chosen, prompt, ...start })));
  };
  const use = (part: Partial<Settings>) => {
    change(part);
    // After the dialog of the picture has closed.
    requestAnimationFrame(() => form.current?.querySelector('textarea')?.focus());
  };
  const pick = (chosen: Settings) => {
    change(chosen);
    void makeWith({ ...chosen, startImage: null, mask: null });
  };
  return (
    <div className="playground">
      <h1 className="visually-hidden">Playground</h1>
      <div ref={form} className="settings">
        <Sheet isOpen={isOpen} onOpen={setOpen}>
          <PlaygroundForm
            models={models}
            settings={settings}
            faults={faults}
            live={live}
            onChange={change}
            onMake={() => makeWith(settings)}
          />
        </Sheet>
      </div>
      <Results models={models} settings={settings} live={live} onUse={use} onMake={make} onPick={pick} />
    </div>
  );
}

/** Typing can begin at once; on a touch screen it would bring up the keyboard. */
function focusAtFirst(form: HTMLElement | null): void {
  if (document.activeElement !== document.body || !window.matchMedia('(pointer: fine)').matches) return;
  form?.querySelector('textarea')?.focus({ preventScroll: true });
}

interface ResultsProps {
  readonly models: readonly Model[];
  readonly settings: Settings;
  readonly live: Live;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
  readonly onPick: (settings: Settings) => void;
}

function Results({ models, settings, live, onUse, onMake, onPick }: ResultsProps) {
  const { runs, isLoaded, isConnected } = useRuns();
  const { shown, show, move } = useShown(runs);
  const model = models.find(({ id }) => id === settings.model) ?? models[0];
  const draft = live.isOnStage ? live.draft : undefined;
  const choose: typeof show = (run, index) => {
    live.leave();
    show(run, index);
  };
  const results = useRef<HTMLElement>(null);
  return (
    <section ref={results} className="results" aria-label="Pictures" tabIndex={-1}>
      {draft !== undefined && (
        <OnStage results={results}>
          <Suspense fallback={<LoadingView />}>
            <LiveStage draft={draft} ahead={live.ahead} onKeep={onMake} />
          </Suspense>
        </OnStage>
      )}
      {shown !== undefined && (
        <>
          {draft === undefined && (
            <OnStage results={results}>
              <Stage {...{ runs, shown, show, move, onUse, onMake }} onOpen={live.leave} />
            </OnStage>
          )}
          <Strip runs={runs} shown={shown} isAside={draft !== undefined} show={choose} />
        </>
      )}
      {shown === undefined && draft === undefined && model !== undefined && (isLoaded || !isConnected) && (
        <OnStage results={results}>
          <FirstVisit model={model} settings={settings} onPick={onPick} />
        </OnStage>
      )}
    </section>
  );
}

interface OnStageProps {
  readonly results: RefObject<HTMLElement | null>;
  readonly children: ReactNode;
}

/** What has the stage for now. If it goes with the keyboard's focus in it, the run that is marked in the strip has the focus, or else the results. */
function OnStage({ results, children }: OnStageProps) {
  useLayoutEffect(
    () => () => {
      const section = results.current;
      const { activeElement: focused } = document;
      if (section === null || focused === section || !section.contains(focused)) return;
      // Once what follows is there.
      requestAnimationFrame(() => {
        if (document.activeElement !== document.body) return;
        (section.querySelector<HTMLElement>('.strip [aria-current]') ?? section).focus({ preventScroll: true });
      });
    },
    [results],
  );
  return children;
}

/** The form's settings, undefined until the models are known; kept across views and reloads. */
function useSettings(models: readonly Model[]) {
  const { query } = useRoute();
  const [settings, setSettings] = useState<Settings>();
  const [faults, setFaults] = useState<readonly string[]>([]);
  const isFilled = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is read when the view opens
  useEffect(() => {
    const [first, ...others] = models;
    if (first === undefined) return;
    const load = () => loadSettings([first, ...others]);
    if (isFilled.current) {
      // The server may have been restarted with other models.
      setSettings((before) => (before && models.some(({ id }) => id === before.model) ? before : load()));
      return;
    }
    isFilled.current = true;
    // A picture's file has the model's real name.
    const named = models.find(({ id, name }) => [id, name].includes(query.get('model') ?? ''));
    // An address with a prompt stands for a whole picture: nothing of another one is left in the form.
    const stored = query.has('prompt') ? defaultSettings(named ?? first) : load();
    const before = models.find(({ id }) => id === stored.model);
    const base = named === undefined ? stored : settingsForModel(stored, before, named);
    const { settings: fromAddress, faults: found } = readAddress(query, named ?? first);
    setFaults(found);
    setSettings({ ...base, ...fromAddress, ...takePendingSettings() });
    // From here on they are like settings typed into the form.
    if (named !== undefined || found.length + Object.keys(fromAddress).length > 0)
      go(addressOf('playground'), { replace: true });
  }, [models]);
  useEffect(() => {
    if (settings !== undefined) saveSettings(settings);
  }, [settings]);
  useEffect(
    () =>
      onPendingSettings(() => {
        const part = takePendingSettings();
        setSettings((before) => before && { ...before, ...part });
      }),
    [],
  );
  const change = (part: Partial<Settings>) => setSettings((before) => before && { ...before, ...part });
  return { settings, change, faults };
}
