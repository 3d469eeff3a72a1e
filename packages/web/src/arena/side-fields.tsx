import type { Model } from '@easel/contract';
import { SliderField } from '../playground/slider-field.tsx';
import type { Side } from './study.ts';

export interface SideFieldsProps {
  readonly title: string;
  readonly models: readonly Model[];
  readonly side: Side;
  readonly onChange: (side: Side) => void;
}

export function SideFields({ title, models, side, onChange }: SideFieldsProps) {
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
      <SliderField
        label="Steps"
        min={1}
        max={100}
        step={1}
        value={side.steps}
        onChange={(steps) => onChange({ ...side, steps })}
      />
      <SliderField
        label="Guidance"
        min={1}
        max={25}
        step={0.5}
        isStepped={false}
        value={side.guidanceScale}
        onChange={(guidanceScale) => onChange({ ...side, guidanceScale })}
      />
      <label className="field">
        Scheduler
        <select
          value={side.scheduler}
          onChange={(event) =>
            onChange({ ...side, scheduler: event.target.value === 'edm_euler' ? 'edm_euler' : 'edm_dpmpp_2m' })
          }
        >
          <option value="edm_dpmpp_2m">DPM-Solver++ 2M</option>
          <option value="edm_euler">Euler</option>
        </select>
      </label>
    </fieldset>
  );
}
