import { drawSeed, type Model } from '@easel/contract';
import { type FormEvent, useId, useState } from 'react';
import { Credits } from '../../format/credits.tsx';
import { balance } from '../../format/text.ts';
import { Link } from '../../parts/buttons.tsx';
import { FactLine } from '../../parts/facts.tsx';
import { ignoreEnterWhereChoosing } from '../../parts/fields.tsx';
import { addressOf } from '../../router.ts';
import { useDebouncedReply } from '../../session/requests.ts';
import { useSession } from '../../session/session.tsx';
import { loadSettings } from '../../settings/initial-settings.ts';
import type { Settings } from '../../settings/settings.ts';
import {
  type AxisKind,
  axisKinds,
  axisNames,
  choicesOf,
  LARGEST_SHEET,
  type ParsedAxis,
  parseAxis,
  suggestion,
} from './axes.ts';
import { newSheet, type Sheet, settingsOfCell } from './sheet.ts';

export interface SheetFormProps {
  readonly models: readonly [Model, ...Model[]];
  readonly onBegin: (sheet: Sheet) => void;
}

interface Draft {
  readonly kind: AxisKind;
  readonly text: string;
}

/** What varies, how many pictures that makes, and what they cost. */
export function SheetForm({ models, onBegin }: SheetFormProps) {
  const [settings, setSettings] = useState(() => loadSettings(models));
  const model = models.find(({ id }) => id === settings.model) ?? models[0];
  const [x, setX] = useState<Draft>({ kind: 'steps', text: suggestion('steps', model, settings) });
  const [y, setY] = useState<Draft>({ kind: 'guidanceScale', text: suggestion('guidanceScale', model, settings) });
  const [parsedX, parsedY] = [parseAxis(x.kind, x.text, model, settings), parseAxis(y.kind, y.text, model, settings)];
  const isSame = x.kind === y.kind && x.kind !== 'none';
  const plan =
    'values' in parsedX && 'values' in parsedY && !isSame
      ? { base: settings, x: { kind: x.kind, values: parsedX.values }, y: { kind: y.kind, values: parsedY.values } }
      : undefined;
  const hasPrompt = settings.prompt.trim() !== '';
  const begin = (event: FormEvent) => {
    event.preventDefault();
    if (plan === undefined || cellsOf(plan) > LARGEST_SHEET || !hasPrompt) return;
    onBegin(newSheet({ ...settings, seed: settings.seed ?? drawSeed() }, plan.x, plan.y));
  };
  return (
    <form className="card stack" onSubmit={begin} onKeyDown={ignoreEnterWhereChoosing}>
      <label className="field">
        Prompt
        <textarea
          rows={2}
          dir="auto"
          value={settings.prompt}
          onChange={(event) => setSettings({ ...settings, prompt: event.target.value })}
        />
      </label>
      <p className="quiet">
        <FactLine facts={factsOf(settings)} /> – from the <Link href={addressOf('playground')}>playground</Link>
      </p>
      <div className="halves sides">
        <AxisFields title="Columns (X)" draft={x} parsed={parsedX} model={model} settings={settings} onChange={setX} />
        <AxisFields title="Rows (Y)" draft={y} parsed={parsedY} model={model} settings={settings} onChange={setY} />
      </div>
      <RunLine
        plan={plan}
        problem={isSame ? 'Choose two different settings.' : hasPrompt ? undefined : 'Enter a prompt.'}
      />
    </form>
  );
}

interface RunLineProps {
  readonly plan: Plan | undefined;
  /** Why it cannot be generated yet. */
  readonly problem: string | undefined;
}

/** The button, with the number of pictures and their price. */
function RunLine({ plan, problem }: RunLineProps) {
  const { remaining } = useSession();
  const count = plan === undefined ? 0 : cellsOf(plan);
  const isTooLarge = count > LARGEST_SHEET;
  const price = useTotalPrice(isTooLarge ? undefined : plan, count);
  const isTooMuch = price !== undefined && remaining !== undefined && remaining < price;
  return (
    <div className="run">
      <button type="submit" className="primary" disabled={plan === undefined || isTooLarge || problem !== undefined}>
        Generate the sheet
      </button>
      {problem !== undefined && <small className="wrong">{problem}</small>}
      {isTooLarge && (
        <small className="wrong">
          {count} pictures; a sheet has at most {LARGEST_SHEET}
        </small>
      )}
      {plan !== undefined && !isTooLarge && (
        <small className={isTooMuch ? 'wrong' : 'quiet'}>
          {plan.x.values.length} × {plan.y.values.length} = {count} {count === 1 ? 'picture' : 'pictures'}
          {price !== undefined && (
            <>
              , <Credits amount={price} /> credits
            </>
          )}
          {isTooMuch && ` needed, ${balance(remaining)} available`}
        </small>
      )}
    </div>
  );
}

function factsOf({ model, width, height, steps, guidanceScale, seed, startImage }: Settings): string[] {
  return [
    model,
    `${width}×${height}`,
    `${steps} steps`,
    `guidance ${guidanceScale}`,
    seed === null ? 'one random seed for all' : `seed ${seed}`,
    ...(startImage === null ? [] : ['with its start image']),
  ];
}

type Plan = Pick<Sheet, 'base' | 'x' | 'y'>;

function cellsOf({ x, y }: Plan): number {
  return x.values.length * y.values.length;
}

/** One quote for each price: cells differ in price by steps and profile only. */
function useTotalPrice(plan: Plan | undefined, count: number): number | undefined {
  const { client } = useSession();
  const kinds = new Map<string, { readonly settings: Settings; readonly times: number }>();
  for (let index = 0; plan !== undefined && index < count; index += 1) {
    const settings = settingsOfCell(plan, index);
    const name = [settings.model, settings.steps, settings.profile, settings.width, settings.height].join();
    kinds.set(name, { settings, times: (kinds.get(name)?.times ?? 0) + 1 });
  }
  const question = JSON.stringify([...kinds].map(([name, { times }]) => [name, times]));
  const total = useDebouncedReply(question, async (signal) => {
    const ask = async ({ model, steps, width, height, profile }: Settings) => {
      const query = { model, samples: 1, num_inference_steps: steps, img_width: width, img_height: height, profile };
      return (await client.account.price(query, { signal })).price;
    };
    const sums = [...kinds.values()].map(async ({ settings, times }) => times * (await ask(settings)));
    const prices = await Promise.all(sums);
    return prices.reduce((sum, price) => sum + price, 0);
  });
  return plan === undefined ? undefined : total;
}

interface AxisFieldsProps {
  readonly title: string;
  readonly draft: Draft;
  readonly parsed: ParsedAxis;
  readonly model: Model;
  readonly settings: Settings;
  readonly onChange: (draft: Draft) => void;
}

function AxisFields({ title, draft, parsed, model, settings, onChange }: AxisFieldsProps) {
  const id = useId();
  const { kind, text } = draft;
  const choices = choicesOf(kind, model);
  return (
    <fieldset className="stack">
      <legend className="visually-hidden">{title}</legend>
      <label className="field">
        {title} vary
        <select
          value={kind}
          onChange={({ target }) => {
            const next = axisKinds.find((each) => each === target.value) ?? 'none';
            onChange({ kind: next, text: suggestion(next, model, settings) });
          }}
        >
          {axisKinds.map((each) => (
            <option key={each} value={each}>
              {axisNames[each]}
            </option>
          ))}
        </select>
      </label>
      {choices.length > 0 && (
        <ChoiceBoxes choices={choices} text={text} onChange={(next) => onChange({ kind, text: next })} />
      )}
      {choices.length === 0 && kind !== 'none' && (
        <label className="field">
          {title}: values
          <input
            dir="auto"
            value={text}
            aria-invalid={'fault' in parsed}
            aria-describedby={id}
            onChange={(event) => onChange({ kind, text: event.target.value })}
          />
        </label>
      )}
      <small id={id} className={'fault' in parsed ? 'wrong' : 'quiet'}>
        {'fault' in parsed ? parsed.fault : hintOf(kind, parsed.values.length)}
      </small>
    </fieldset>
  );
}

interface ChoiceBoxesProps {
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  /** The chosen ones, as a list. */
  readonly text: string;
  readonly onChange: (text: string) => void;
}

function ChoiceBoxes({ choices, text, onChange }: ChoiceBoxesProps) {
  const chosen = text.split(/\s*,\s*/);
  const toggle = (value: string, isOn: boolean) => {
    const next = choices.filter((each) => (each.value === value ? isOn : chosen.includes(each.value)));
    onChange(next.map((each) => each.value).join(', '));
  };
  return (
    <div className="row wrap">
      {choices.map(({ value, label }) => (
        <label key={value} className="row check">
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={(event) => toggle(value, event.target.checked)}
          />
          {label}
        </label>
      ))}
    </div>
  );
}

function hintOf(kind: AxisKind, count: number): string {
  const values = count === 1 ? '1 value' : `${count} values`;
  if (kind === 'none') return 'A single row or column';
  if (kind === 'prompt') return `${values}. The first is replaced in the prompt by each of the others`;
  if (kind === 'scheduler' || kind === 'profile') return values;
  return `${values}. A list, or ranges: 10-30 (+5), 1-3 [5]`;
}
