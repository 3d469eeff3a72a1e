import type { JobCreate } from '@easel/contract';
import { useEffect, useRef, useState } from 'react';
import { fitToSize } from '../files/start-picture.ts';
import { Trouble } from '../parts/notices.tsx';
import { addressOf, go, useRoute } from '../router.ts';
import { useRuns } from '../runs/runs.tsx';
import { useModels } from '../session/session.tsx';
import { settingsOfAddress, storedSettings, storeSettings, takeHandedOver } from '../settings/initial-settings.ts';
import { jobOf, type Settings } from '../settings/settings.ts';
import { PlaygroundForm } from './playground-form.tsx';
import { Results } from './results.tsx';

/** The first view: a prompt on one side, pictures on the other. */
export function PlaygroundView() {
  const { query } = useRoute();
  const { reply: models = [], problem, again } = useModels();
  const [settings, setSettings] = useState<Settings>();
  const { start } = useRuns();
  const form = useRef<HTMLDivElement>(null);
  const results = useRef<HTMLDivElement>(null);
  const isFilled = useRef(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the address counts when the view opens
  useEffect(() => {
    const [first, ...others] = models;
    if (first === undefined) return;
    const stored = () => storedSettings([first, ...others]);
    if (isFilled.current) {
      // The server may have been started again with other models.
      setSettings((before) => (before && models.some(({ id }) => id === before.model) ? before : stored()));
      return;
    }
    isFilled.current = true;
    const asked = settingsOfAddress(query, first);
    setSettings({ ...stored(), ...asked, ...takeHandedOver() });
    // Once it is in the form it is as if it had been typed.
    if (Object.keys(asked).length > 0) go(addressOf('playground'), { replace: true });
  }, [models]);

  useEffect(() => {
    if (settings !== undefined) storeSettings(settings);
  }, [settings]);

  if (settings === undefined) {
    return problem === undefined ? (
      <p className="quiet centred">Loading…</p>
    ) : (
      <Trouble problem={problem} again={again} />
    );
  }
  const change = (part: Partial<Settings>) => setSettings((before) => before && { ...before, ...part });
  const make = (request: JobCreate) => {
    start(request);
    // On a phone the pictures are below the form.
    requestAnimationFrame(() => results.current?.querySelector('.run-card')?.scrollIntoView({ block: 'nearest' }));
  };
  const makeFromForm = async () => {
    const startImage = settings.startImage === null ? null : await fitToSize(settings.startImage, settings);
    make(jobOf({ ...settings, startImage }));
  };
  const use = (part: Partial<Settings>) => {
    change(part);
    // Once the picture that it came from is closed.
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
