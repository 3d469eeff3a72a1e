import type { Model } from '@easel/contract';
import { useId, useRef, useState } from 'react';
import { bytes, credits } from '../format/text.ts';
import { type Settings, settingsForModel } from '../settings/settings.ts';
import { PickerSearch } from './picker-search.tsx';
import '../styles/pickers.css';

export interface ModelPickerProps {
  readonly models: readonly Model[];
  /** The `id` of the chosen one. */
  readonly chosen: string;
  readonly onChoose: (model: Model) => void;
}

/** The server's models, folded to the chosen one: each with its real name, family, licence, size and price. */
export function ModelPicker({ models, chosen, onChoose }: ModelPickerProps) {
  const [search, setSearch] = useState('');
  const group = useId();
  const words = search.trim().toLowerCase();
  const current = models.find(({ id }) => id === chosen);
  // The chosen one stays in sight, whatever is searched for.
  const shown = models.filter(
    ({ id, name, family }) => id === chosen || [id, name, family].some((text) => text.toLowerCase().includes(words)),
  );
  return (
    <details className="model-choice">
      <summary>
        Model <b>{chosen}</b>
        {current && <small className="quiet">{factsOf(current)}</small>}
      </summary>
      <fieldset>
        <legend className="visually-hidden">Model</legend>
        <PickerSearch what="models" count={models.length} value={search} onChange={setSearch} />
        <ul>
          {shown.map((model) => (
            <li key={model.id}>
              <ModelRow group={group} model={model} isChosen={model.id === chosen} onChoose={() => onChoose(model)} />
            </li>
          ))}
        </ul>
      </fieldset>
    </details>
  );
}

interface ModelRowProps {
  /** Of which one is chosen. */
  readonly group: string;
  readonly model: Model;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function ModelRow({ group, model, isChosen, onChoose }: ModelRowProps) {
  const { id, name, notices, price } = model;
  const facts = useId();
  return (
    <>
      <label>
        <input type="radio" name={group} checked={isChosen} aria-describedby={facts} onChange={onChoose} />
        <bdi>{id}</bdi> {name !== id && <span className="quiet">({name})</span>}
      </label>
      <small id={facts} className="quiet">
        {factsOf(model)} · {credits(price.picture)} credits per picture
        {notices.map((notice) => ` · ${notice}`)}
      </small>
    </>
  );
}

/** What tells models apart before one of them is chosen: its family, its licence and how large it is. */
function factsOf({ family, licence, weight_bytes: size }: Model): string {
  const facts = [
    `family ${family}`,
    licence === null ? 'licence not stated' : `licence ${licence.name}`,
    ...(size > 0 ? [bytes(size)] : []),
  ];
  return facts.join(' · ');
}

/** The settings for other models, as one after another is chosen. */
interface Choices {
  /** Those before the first choice, and their model. */
  readonly settings: Settings;
  readonly model: Model | undefined;
  /** Those that the last choice made of them. */
  readonly made: Settings;
}

/**
 * What another model makes of the settings. Of models chosen one after another, as with the arrow keys, each starts from what was there before the
 * first one: what one of them does not allow is not lost for the next.
 *
 * @param model that of the settings
 */
export function useModelChange(settings: Settings, model: Model | undefined): (other: Model) => Settings {
  const choices = useRef<Choices>(undefined);
  return (other) => {
    const last = choices.current;
    const before = last !== undefined && isSame(last.made, settings) ? last : { settings, model };
    const made =
      other.id === before.settings.model ? before.settings : settingsForModel(before.settings, before.model, other);
    choices.current = { ...before, made };
    return made;
  };
}

function isSame(one: Settings, other: Settings): boolean {
  const others = new Map<string, unknown>(Object.entries(other));
  return Object.entries(one).every(([name, value]) => others.get(name) === value);
}
