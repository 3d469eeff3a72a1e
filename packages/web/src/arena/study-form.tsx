import { drawSeed, type Model } from '@easel/contract';
import { type FormEvent, useState } from 'react';
import { Credits } from '../format/credits.tsx';
import { balance } from '../format/text.ts';
import { ControlFields, ignoreEnterWhereChoosing } from '../parts/fields.tsx';
import { useDebouncedReply } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { formControls } from '../settings/form-controls.ts';
import { defaultSettings } from '../settings/settings.ts';
import { newStudy, type Side, type Study } from './study.ts';

const PROMPT_LIMIT = 100;

const samplePrompts = `a red apple on a blue background
a fox in the forest
a rocket in space
a panda in the snow
a castle at sunset
two bananas on a purple background`;

export interface StudyFormProps {
  readonly models: readonly Model[];
  readonly first: Model;
  readonly onBegin: (study: Study) => void;
}

/** What to compare, and what it will cost. */
export function StudyForm({ models, first, onBegin }: StudyFormProps) {
  const { client, remaining } = useSession();
  const { steps, guidanceScale, scheduler, profile } = defaultSettings(first);
  const [a, setA] = useState<Side>({ model: first.id, steps, guidanceScale, scheduler, profile });
  const [b, setB] = useState<Side>({ ...a, steps: Math.max(1, Math.round(steps / 2)) });
  const [text, setText] = useState(samplePrompts);
  const prompts = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const price = useDebouncedReply(JSON.stringify([a, b]), async (signal) => {
    const ask = ({ model, steps: count, profile: computed = profile }: Side) =>
      client.account.price({ model, samples: 1, num_inference_steps: count, profile: computed }, { signal });
    const quotes = await Promise.all([ask(a), ask(b)]);
    return quotes.reduce((sum, quote) => sum + quote.price, 0);
  });
  const total = price === undefined ? undefined : price * prompts.length;
  const isTooMuch = total !== undefined && remaining !== undefined && remaining < total;
  const begin = (event: FormEvent) => {
    event.preventDefault();
    if (prompts.length === 0 || prompts.length > PROMPT_LIMIT) return;
    onBegin(newStudy(a, b, prompts, drawSeed()));
  };
  return (
    <form className="card stack" onSubmit={begin} onKeyDown={ignoreEnterWhereChoosing}>
      <div className="halves">
        <SideFields title="A" models={models} side={a} onChange={setA} />
        <SideFields title="B" models={models} side={b} onChange={setB} />
      </div>
      <label className="field">
        Prompts, one per line
        <textarea rows={6} dir="auto" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <div className="run">
        <button type="submit" className="primary" disabled={prompts.length === 0 || prompts.length > PROMPT_LIMIT}>
          Start comparison
        </button>
        {prompts.length > PROMPT_LIMIT ? (
          <small className="wrong">
            {prompts.length} prompts; the limit is {PROMPT_LIMIT}
          </small>
        ) : (
          <small className={isTooMuch ? 'wrong' : 'quiet'}>
            {2 * prompts.length} pictures
            {total !== undefined && (
              <>
                , <Credits amount={total} /> credits
              </>
            )}
            {isTooMuch && ` needed, ${balance(remaining)} available`}
          </small>
        )}
      </div>
    </form>
  );
}

export interface SideFieldsProps {
  readonly title: string;
  readonly models: readonly Model[];
  readonly side: Side;
  readonly onChange: (side: Side) => void;
}

function SideFields({ title, models, side, onChange }: SideFieldsProps) {
  const model = models.find(({ id }) => id === side.model) ?? { parameters: {} };
  const controls = formControls(model).filter(({ name }) => Object.hasOwn(side, name));
  return (
    <fieldset className="stack">
      <legend>{title}</legend>
      {models.length > 1 && (
        <label className="field">
          Model
          <select value={side.model} onChange={(event) => onChange({ ...side, model: event.target.value })}>
            {models.map(({ id }) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
      )}
      <ControlFields
        controls={controls}
        values={side}
        onChange={(name, value) => onChange({ ...side, [name]: value })}
      />
    </fieldset>
  );
}
