import type { JobCreate, Model } from '@easel/contract';
import { useEffect, useRef, useState } from 'react';
import { fitMaskToSize, fitToSize } from '../files/start-picture.ts';
import { LoadError } from '../parts/notices.tsx';
import { addressOf, go, useRoute } from '../router.ts';
import { useRuns } from '../runs/runs.tsx';
import { useModels } from '../session/session.tsx';
import { addressSettings, loadSettings, saveSettings, takePendingSettings } from '../settings/initial-settings.ts';
import { jobOf, type Settings, settingsForModel } from '../settings/settings.ts';
import { PlaygroundForm } from './playground-form.tsx';
import { Results } from './results.tsx';

/** The first view: a prompt on one side, pictures on the other. */
export function PlaygroundView() {
  const { reply: models = [], problem, retry } = useModels();
  const [settings, change] = useSettings(models);
  const { start } = useRuns();
  const form = useRef<HTMLDivElement>(null);
  const results = useRef<HTMLDivElement>(null);
  if (settings === undefined) {
    return problem === undefined ? (
      <p className="quiet centred">Loading…</p>
    ) : (
      <LoadError problem={problem} retry={retry} />
    );
  }
  const make = (request: JobCreate) => {
    start(request);
    // On a phone the pictures are below the form.
    requestAnimationFrame(() => results.current?.querySelector('.run-card')?.scrollIntoView({ block: 'nearest' }));
  };
  const makeFromForm = async () => {
    const startImage = settings.startImage === null ? null : await fitToSize(settings.startImage, settings);
    const mask = await fittingMask(settings);
    make(jobOf({ ...settings, startImage, mask }));
  };
  const use = (part: Partial<Settings>) => {
    change(part);
    // After the dialog of the picture has closed.
    requestAnimationFrame(() => form.current?.querySelector('textarea')?.focus());
  };
  return (
    <div className="playground">
      <h1 className="visually-hidden">Playground</h1>
      <div ref={form} className="settings">
        <PlaygroundForm models={models} settings={settings} onChange={change} onMake={makeFromForm} />
      </div>
      <div ref={results}>
        <Results onUse={use} onMake={make} onPrompt={(prompt) => use({ prompt })} />
      </div>
    </div>
  );
}

async function fittingMask(settings: Settings): Promise<string | null> {
  const { startImage, mask } = settings;
  return startImage === null || mask === null ? null : fitMaskToSize(mask, startImage, settings);
}

/** The form's settings, undefined until the models are known; kept across views and reloads. */
function useSettings(models: readonly Model[]) {
  const { query } = useRoute();
  const [settings, setSettings] = useState<Settings>();
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
    const stored = load();
    const named = models.find(({ id }) => id === query.get('model'));
    const before = models.find(({ id }) => id === stored.model);
    const base = named === undefined ? stored : settingsForModel(stored, before, named);
    const fromAddress = addressSettings(query, named ?? first);
    setSettings({ ...base, ...fromAddress, ...takePendingSettings() });
    // From here on they are like settings typed into the form.
    if (named !== undefined || Object.keys(fromAddress).length > 0) go(addressOf('playground'), { replace: true });
  }, [models]);
  useEffect(() => {
    if (settings !== undefined) saveSettings(settings);
  }, [settings]);
  const change = (part: Partial<Settings>) => setSettings((before) => before && { ...before, ...part });
  return [settings, change] as const;
}
