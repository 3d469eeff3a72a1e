import type { Model } from '@easel/contract';
import { useEffect, useState } from 'react';
import { messageOf } from '../format/message-of.ts';
import { Notice } from '../parts/notice.tsx';
import { useRoute } from '../router.ts';
import { useSession } from '../session/session.tsx';
import { takeHandedOver } from './hand-over.ts';
import { PlaygroundForm } from './playground-form.tsx';
import { Results } from './results.tsx';
import { defaultSettings, type Settings } from './settings.ts';

/** The first view: a prompt on one side, pictures on the other. */
export function PlaygroundView() {
  const { client } = useSession();
  const { query } = useRoute();
  const [models, setModels] = useState<readonly Model[]>([]);
  const [settings, setSettings] = useState<Settings>();
  const [problem, setProblem] = useState<string>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the address counts when the view opens
  useEffect(() => {
    const leaving = new AbortController();
    client.models({ signal: leaving.signal }).then(
      (reply) => {
        const [first] = reply.models;
        if (first === undefined) return;
        setModels(reply.models);
        setSettings({ ...defaultSettings(first), prompt: query.get('prompt') ?? '', ...takeHandedOver() });
      },
      (error: unknown) => {
        if (!leaving.signal.aborted) setProblem(messageOf(error));
      },
    );
    return () => leaving.abort();
  }, [client]);

  if (problem !== undefined) return <Notice kind="error">{problem}</Notice>;
  if (settings === undefined) return <p className="quiet centred">Opening…</p>;
  const change = (part: Partial<Settings>) => setSettings({ ...settings, ...part });
  return (
    <div className="playground">
      <h1 className="visually-hidden">Playground</h1>
      <PlaygroundForm models={models} settings={settings} onChange={change} />
      <Results onUse={change} onPrompt={(prompt) => change({ prompt })} />
    </div>
  );
}
