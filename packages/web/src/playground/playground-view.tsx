import type { JobCreate, Model } from '@easel/contract';
import { useEffect, useRef, useState } from 'react';
import { messageOf } from '../format/message-of.ts';
import { Notice } from '../parts/notice.tsx';
import { addressOf, go, useRoute } from '../router.ts';
import { useSession } from '../session/session.tsx';
import { takeHandedOver } from './hand-over.ts';
import { PlaygroundForm } from './playground-form.tsx';
import { Results } from './results.tsx';
import { useRuns } from './runs.tsx';
import { jobOf, type Settings } from './settings.ts';
import { storedSettings, storeSettings } from './stored-settings.ts';

/** The first view: a prompt on one side, pictures on the other. */
export function PlaygroundView() {
  const { client } = useSession();
  const { query } = useRoute();
  const [models, setModels] = useState<readonly Model[]>([]);
  const [settings, setSettings] = useState<Settings>();
  const [problem, setProblem] = useState<string>();
  const { start } = useRuns();
  const form = useRef<HTMLDivElement>(null);
  const results = useRef<HTMLDivElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the address counts when the view opens
  useEffect(() => {
    const leaving = new AbortController();
    client.models({ signal: leaving.signal }).then(
      (reply) => {
        const [first, ...others] = reply.models;
        if (first === undefined) return;
        setModels(reply.models);
        const asked = query.get('prompt');
        setSettings({
          ...storedSettings([first, ...others]),
          ...(asked !== null && { prompt: asked }),
          ...takeHandedOver(),
        });
        // Once it is in the form it is as if it had been typed.
        if (asked !== null) go(addressOf('playground'), { replace: true });
      },
      (error: unknown) => {
        if (!leaving.signal.aborted) setProblem(messageOf(error));
      },
    );
    return () => leaving.abort();
  }, [client]);

  useEffect(() => {
    if (settings !== undefined) storeSettings(settings);
  }, [settings]);

  if (problem !== undefined) return <Notice kind="error">{problem}</Notice>;
  if (settings === undefined) return <p className="quiet centred">Opening…</p>;
  const change = (part: Partial<Settings>) => setSettings((before) => before && { ...before, ...part });
  const make = (request: JobCreate) => {
    start(request);
    // On a phone the pictures are below the form.
    requestAnimationFrame(() => results.current?.querySelector('.run-card')?.scrollIntoView({ block: 'nearest' }));
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
        <PlaygroundForm models={models} settings={settings} onChange={change} onMake={() => make(jobOf(settings))} />
      </div>
      <div ref={results}>
        <Results onUse={use} onMake={make} onPrompt={(prompt) => use({ prompt })} />
      </div>
    </div>
  );
}
