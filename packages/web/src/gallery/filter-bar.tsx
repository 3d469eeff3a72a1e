import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useModels } from '../session/session.tsx';
import { type Faults, type Filter, faultsOf, isEverything, noFilter, queryOf, type State, states } from './filter.ts';

/** Typing that pauses for as long as this is searched for. */
const PAUSE_MS = 250;

type TextName = 'words' | 'seed' | 'size' | 'from' | 'to';

export interface FilterBarProps {
  /** Of the address. */
  readonly filter: Filter;
  readonly onChange: (change: Partial<Filter>) => void;
  /** What else stands in the bar. */
  readonly children?: ReactNode;
}

/** The search of the gallery: it follows the typing, and what is no seed, size or date is told beside its field instead. */
export function FilterBar({ filter, onChange, children }: FilterBarProps) {
  const { draft, faults, type, commit, reset } = useDraft(filter, onChange);
  const [isOpen, setOpen] = useState(() => countOf(filter) > 0);
  const panel = useId();
  const count = countOf(filter);
  return (
    <search>
      <form
        className="filter-bar"
        onSubmit={(event) => {
          event.preventDefault();
          commit();
        }}
      >
        <input
          type="search"
          className="words"
          aria-label="Search prompts"
          placeholder="Search prompts"
          dir="auto"
          maxLength={200}
          value={draft.words}
          onChange={(event) => type('words', event.target.value)}
        />
        <button
          type="button"
          className="toggle"
          aria-pressed={filter.favourite}
          onClick={() => onChange({ favourite: !filter.favourite })}
        >
          <span aria-hidden="true">{filter.favourite ? '★' : '☆'}</span> Favourites
        </button>
        <button
          type="button"
          className="toggle"
          aria-expanded={isOpen}
          aria-controls={panel}
          onClick={() => setOpen(!isOpen)}
        >
          Filters{count > 0 && <span className="count"> {count}</span>}
        </button>
        {children}
        <div id={panel} className="filters" hidden={!isOpen}>
          <MoreFilters filter={filter} draft={draft} faults={faults} type={type} onChange={onChange} />
          {!isEverything(filter) && (
            <button type="button" className="plain" onClick={reset}>
              Clear all
            </button>
          )}
        </div>
      </form>
    </search>
  );
}

/** How many of the filters in the panel are set. */
function countOf({ words: _, favourite: __, collection: ___, ...others }: Filter): number {
  return Object.values(others).filter((text) => text !== '').length;
}

interface Draft extends Readonly<Record<TextName, string>> {}

/** What is being typed. What is valid of it goes into the address when the typing pauses; Enter does not wait. */
function useDraft(filter: Filter, onChange: FilterBarProps['onChange']) {
  const [draft, setDraft] = useState<Draft>(filter);
  /** As of the last pause: what is still being typed is not called wrong. */
  const [checked, setChecked] = useState<Draft>(filter);
  const latest = useRef({ draft, filter, onChange });
  latest.current = { draft, filter, onChange };
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const address = JSON.stringify(queryOf(filter));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the back button and links change the search, too
  useEffect(() => {
    // Not what has been typed since, nor what is wrong, which no address has.
    if (timer.current === undefined) setDraft((before) => ({ ...filter, ...wrongPart(before) }));
  }, [address]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const commit = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    const { draft: typed, filter: known, onChange: change } = latest.current;
    setChecked(typed);
    const next = { ...trimmed(typed), ...blankWrong(typed) };
    const isNew = Object.entries(next).some(([name, text]) => new Map(Object.entries(known)).get(name) !== text);
    if (isNew) change(next);
  };
  const type = (name: TextName, text: string) => {
    setDraft((before) => ({ ...before, [name]: text }));
    clearTimeout(timer.current);
    timer.current = setTimeout(commit, PAUSE_MS);
  };
  const reset = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    setDraft(noFilter);
    onChange(noFilter);
  };
  const found = Object.entries(faultsOf({ ...noFilter, ...trimmed(draft) }));
  const before = new Map(Object.entries(checked));
  const faults: Faults = Object.fromEntries(
    found.filter(([name]) => before.get(name) === new Map(Object.entries(draft)).get(name)),
  );
  return { draft, faults, type, commit, reset };
}

function trimmed({ words, seed, size, from, to }: Draft): Draft {
  return { words: words.trim(), seed: seed.trim(), size: size.trim(), from, to };
}

/** The texts that are wrong. */
function wrongPart(draft: Draft): Partial<Draft> {
  const faults = new Map(Object.entries(faultsOf({ ...noFilter, ...trimmed(draft) })));
  return Object.fromEntries(Object.entries(draft).filter(([name]) => faults.has(name)));
}

function blankWrong(draft: Draft): Partial<Draft> {
  return Object.fromEntries(Object.keys(wrongPart(draft)).map((name) => [name, '']));
}

interface MoreFiltersProps extends Pick<FilterBarProps, 'filter' | 'onChange'> {
  readonly draft: Draft;
  readonly faults: Faults;
  readonly type: (name: TextName, text: string) => void;
}

function MoreFilters({ filter, draft, faults, type, onChange }: MoreFiltersProps) {
  return (
    <>
      <Labelled label="Show">
        {(id) => (
          <select id={id} value={filter.state} onChange={(event) => onChange({ state: stateOf(event.target.value) })}>
            {[...states].map(([state, name]) => (
              <option key={state} value={state}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <DateFilter filter={filter} draft={draft} faults={faults} type={type} onChange={onChange} />
      <TextFilter
        label="Seed"
        hint="1234"
        text={draft.seed}
        fault={faults.seed}
        onType={(text) => type('seed', text)}
      />
      <TextFilter
        label="Size"
        hint="256×144"
        text={draft.size}
        fault={faults.size}
        onType={(text) => type('size', text)}
      />
      <ModelChoice chosen={filter.model} onChange={(model) => onChange({ model })} />
    </>
  );
}

function stateOf(text: string): State {
  return [...states.keys()].find((state) => state === text) ?? '';
}

interface LabelledProps {
  readonly label: string;
  /** @param id of the control */
  readonly children: (id: string) => ReactNode;
}

function Labelled({ label, children }: LabelledProps) {
  const id = useId();
  return (
    <div className="labelled">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

interface TextFilterProps {
  readonly label: string;
  readonly hint: string;
  readonly type?: 'text' | 'date';
  readonly text: string;
  readonly fault: string | undefined;
  readonly onType: (text: string) => void;
}

function TextFilter({ label, hint, type = 'text', text, fault, onType }: TextFilterProps) {
  const id = useId();
  return (
    <div className="labelled">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        {...(type === 'text' && { placeholder: hint, size: 9 })}
        {...(label === 'Seed' && { inputMode: 'numeric' as const })}
        value={text}
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : `${id}-fault`}
        onChange={(event) => onType(event.target.value)}
      />
      {fault !== undefined && (
        <small id={`${id}-fault`} className="wrong" role="status">
          {fault}
        </small>
      )}
    </div>
  );
}

const periods: ReadonlyMap<string, string> = new Map([
  ['', 'Any time'],
  ['1', 'Today'],
  ['7', 'Last 7 days'],
  ['30', 'Last 30 days'],
]);
const OWN_DAYS = 'own';

/** A period that ends today, or days of one's own. */
function DateFilter({ filter, draft, faults, type, onChange }: MoreFiltersProps) {
  const hasDays = draft.from !== '' || draft.to !== '';
  const [isOwn, setOwn] = useState(hasDays);
  const isShown = filter.days === '' && (isOwn || hasDays);
  const choose = (days: string) => {
    setOwn(days === OWN_DAYS);
    onChange({ days: days === OWN_DAYS ? '' : days, from: '', to: '' });
  };
  return (
    <>
      <Labelled label="Date">
        {(id) => (
          <select id={id} value={isShown ? OWN_DAYS : filter.days} onChange={(event) => choose(event.target.value)}>
            {[...periods].map(([days, name]) => (
              <option key={days} value={days}>
                {name}
              </option>
            ))}
            {!periods.has(filter.days) && <option value={filter.days}>Last {filter.days} days</option>}
            <option value={OWN_DAYS}>From … to …</option>
          </select>
        )}
      </Labelled>
      {isShown && (
        <>
          <TextFilter
            label="From"
            hint=""
            type="date"
            text={draft.from}
            fault={faults.from}
            onType={(text) => type('from', text)}
          />
          <TextFilter
            label="To"
            hint=""
            type="date"
            text={draft.to}
            fault={faults.to}
            onType={(text) => type('to', text)}
          />
        </>
      )}
    </>
  );
}

/** The models of the server, and the one in the address, which may no longer exist. */
function ModelChoice({ chosen, onChange }: { readonly chosen: string; readonly onChange: (model: string) => void }) {
  const { reply: models = [] } = useModels();
  const names = new Set([...models.map(({ id }) => id), ...(chosen === '' ? [] : [chosen])]);
  return (
    <Labelled label="Model">
      {(id) => (
        <select id={id} value={chosen} onChange={(event) => onChange(event.target.value)}>
          <option value="">Any model</option>
          {[...names].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
    </Labelled>
  );
}
