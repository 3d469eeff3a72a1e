import type { Model } from '@easel/contract';
import { useId, useState } from 'react';
import { bytes, credits } from '../format/text.ts';
import '../styles/pickers.css';

/** From this many on they can be searched. */
const MANY = 8;

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
        {models.length >= MANY && (
          <input
            type="search"
            aria-label="Search models"
            placeholder={`Search ${models.length} models`}
            value={search}
            onChange={({ target }) => setSearch(target.value)}
          />
        )}
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
        {factsOf(model)} · {credits(price.picture)} credits a picture
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
