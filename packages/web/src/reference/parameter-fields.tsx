import { useId, useState } from 'react';
import type { Parameter } from './operations.ts';

export interface ParameterFieldsProps {
  readonly parameters: readonly Parameter[];
  readonly currentOf: (name: string) => unknown;
  /** @param value undefined: the parameter is left out */
  readonly onChange: (parameter: Parameter, value: unknown) => void;
}

const SHOWN_AT_FIRST = 8;

/** A field for each parameter, with its limits, default and description. */
export function ParameterFields({ parameters, currentOf, onChange }: ParameterFieldsProps) {
  const fields = parameters.map((parameter) => (
    <ParameterField
      key={`${parameter.place} ${parameter.name}`}
      parameter={parameter}
      value={currentOf(parameter.name)}
      onChange={(value) => onChange(parameter, value)}
    />
  ));
  if (fields.length <= SHOWN_AT_FIRST + 2) return fields;
  return (
    <>
      {fields.slice(0, SHOWN_AT_FIRST)}
      <details>
        <summary>{fields.length - SHOWN_AT_FIRST} more parameters</summary>
        <div className="stack">{fields.slice(SHOWN_AT_FIRST)}</div>
      </details>
    </>
  );
}

interface ParameterFieldProps {
  readonly parameter: Parameter;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

function ParameterField({ parameter, value, onChange }: ParameterFieldProps) {
  const id = useId();
  const { name, isRequired, terms, preset, description } = parameter;
  return (
    <div className="parameter">
      <label htmlFor={id}>
        <code>{name}</code>
        {isRequired && <b title="required"> *</b>}
      </label>
      <small className="quiet terms-of">
        {terms}
        {preset !== '' && (
          <>
            ; default <code>{preset}</code>
          </>
        )}
      </small>
      <ParameterControl id={id} parameter={parameter} value={value} onChange={onChange} />
      <small id={`${id}-help`} className="quiet">
        {description}
      </small>
    </div>
  );
}

function ParameterControl({ id, parameter, value, onChange }: ParameterFieldProps & { readonly id: string }) {
  const { control, preset } = parameter;
  const common = { id, 'aria-describedby': `${id}-help` };
  const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  const placeholder = preset === 'null' || preset === '' ? undefined : preset.replace(/^"|"$/g, '');
  if (control.kind === 'choice') {
    return (
      <select
        {...common}
        value={text}
        onChange={({ target }) => onChange(control.choices.find((choice) => String(choice) === target.value))}
      >
        <option value="">{placeholder === undefined ? 'not set' : `default: ${placeholder}`}</option>
        {control.choices.map((choice) => (
          <option key={String(choice)} value={String(choice)}>
            {String(choice)}
          </option>
        ))}
      </select>
    );
  }
  if (control.kind === 'number') {
    const { min, max, step } = control;
    return (
      <input
        {...common}
        type="number"
        min={min}
        max={max}
        step={step}
        placeholder={placeholder}
        value={text}
        onChange={({ target }) => onChange(target.value === '' ? undefined : Number(target.value))}
      />
    );
  }
  if (control.kind === 'picture') return <PictureField {...common} text={text} onChange={onChange} />;
  if (control.kind === 'json') return <JsonField {...common} text={text} onChange={onChange} />;
  const change = (next: string) => onChange(next === '' ? undefined : next);
  return control.isLong ? (
    <textarea {...common} dir="auto" rows={2} value={text} onChange={({ target }) => change(target.value)} />
  ) : (
    <input {...common} dir="auto" value={text} onChange={({ target }) => change(target.value)} />
  );
}

interface TextProps {
  readonly id: string;
  readonly text: string;
  readonly onChange: (value: unknown) => void;
}

/** A picture as text: typed as an address, or a chosen file as a data URL. */
function PictureField({ text, onChange, ...common }: TextProps) {
  const take = (file: File | undefined) => {
    if (file === undefined) return;
    const reader = new FileReader();
    reader.onload = () => onChange(reader.result);
    reader.readAsDataURL(file);
  };
  return (
    <div className="row wrap">
      <input
        {...common}
        placeholder="base64, data URL or address of a picture here"
        value={text}
        onChange={({ target }) => onChange(target.value === '' ? undefined : target.value)}
      />
      <label className="file-button">
        Choose file
        <input
          className="visually-hidden"
          type="file"
          accept="image/*"
          onChange={({ target }) => take(target.files?.[0])}
        />
      </label>
    </div>
  );
}

/** A list or an object: taken over as soon as it is valid JSON. */
function JsonField({ text, onChange, ...common }: TextProps) {
  const [draft, setDraft] = useState<string>();
  const change = (next: string) => {
    setDraft(next);
    if (next.trim() === '') onChange(undefined);
    else if (isJson(next)) onChange(JSON.parse(next));
  };
  return (
    <input
      {...common}
      className="code"
      spellCheck={false}
      placeholder="JSON"
      aria-invalid={draft !== undefined && draft.trim() !== '' && !isJson(draft)}
      value={draft ?? text}
      onChange={({ target }) => change(target.value)}
      onBlur={() => setDraft(undefined)}
    />
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
