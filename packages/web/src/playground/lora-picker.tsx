import { type LoraChoice, limits, type Model, type ModelLora } from '@easel/contract';
import { useId, useState } from 'react';
import { bytes } from '../format/text.ts';
import { SliderField } from '../parts/fields.tsx';
import { PickerSearch } from './picker-search.tsx';
import '../styles/pickers.css';

/** What the slider offers; other weights can be typed. */
const USUAL = { min: -2, max: 2 };

export interface LoraPickerProps {
  readonly model: Model;
  readonly loras: readonly LoraChoice[];
  readonly onChange: (loras: readonly LoraChoice[]) => void;
}

type Offered = Pick<ModelLora, 'name' | 'notices'> & Partial<Pick<ModelLora, 'file_size' | 'licence'>>;

/** The model's LoRAs, to tick, each with its size, its licence and a slider for its weight. Nothing where there are none. */
export function LoraPicker({ model, loras, onChange }: LoraPickerProps) {
  const [search, setSearch] = useState('');
  const others = loras.filter(({ name }) => !model.loras.some((lora) => lora.name === name));
  const missing: Offered[] = others.map(({ name }) => ({ name, notices: ['not available for this model'] }));
  const all: Offered[] = [...model.loras, ...missing];
  if (all.length === 0) return null;
  const isChosen = (name: string) => loras.some((lora) => lora.name === name);
  const words = search.trim().toLowerCase();
  // What is chosen stays in sight, whatever is searched for.
  const shown = all.filter(({ name }) => isChosen(name) || name.toLowerCase().includes(words));
  return (
    <fieldset className="loras">
      <legend>LoRAs</legend>
      <PickerSearch what="LoRAs" count={all.length} value={search} onChange={setSearch} />
      <ul>
        {shown.map((lora) => (
          <LoraRow key={lora.name} lora={lora} loras={loras} onChange={onChange} />
        ))}
      </ul>
      {shown.length === 0 && <small className="quiet">No LoRA of this name.</small>}
    </fieldset>
  );
}

function LoraRow({
  lora: { name, notices, file_size: size, licence },
  loras,
  onChange,
}: Pick<LoraPickerProps, 'loras' | 'onChange'> & { readonly lora: Offered }) {
  const id = useId();
  const chosen = loras.find((lora) => lora.name === name);
  const rest = loras.filter((lora) => lora.name !== name);
  return (
    <li>
      <label title={notices.join('\n')}>
        <input
          type="checkbox"
          checked={chosen !== undefined}
          disabled={chosen === undefined && loras.length >= limits.loras.max}
          aria-describedby={id}
          onChange={() => onChange(chosen === undefined ? [...loras, { name, weight: 1 }] : rest)}
        />{' '}
        <bdi>{name}</bdi>
      </label>{' '}
      {size !== undefined && (
        <small className="quiet">
          {bytes(size)} · {licence === undefined ? 'licence not stated' : `licence ${licence}`}
        </small>
      )}
      {chosen !== undefined && (
        <SliderField
          label={`Weight of ${name}`}
          {...USUAL}
          typed={limits.loraWeight}
          step={0.05}
          isStepped={false}
          value={chosen.weight ?? 1}
          onChange={(weight) => onChange(loras.map((lora) => (lora === chosen ? { name, weight } : lora)))}
        />
      )}
      <small id={id} className="quiet">
        {chosen !== undefined && notices.join('; ')}
      </small>
    </li>
  );
}
