import { MAX_PROMPT_LENGTH } from '@easel/contract';
import { type KeyboardEvent, useCallback, useId } from 'react';
import { unreadEnd } from '../format/text.ts';
import { useDebouncedReply, useLoaded } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';
import { isShortcut } from '../shortcuts.ts';

export interface PromptFieldProps {
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
  readonly onEnter: () => void;
}

/** The prompt, and how many tokens of it are read. Enter generates; where lines are prompts of their own, Ctrl+Enter does. */
export function PromptField({ settings, onChange, onEnter }: PromptFieldProps) {
  const id = useId();
  const { prompt, isEachLine } = settings;
  return (
    <div className="prompt-field">
      <label htmlFor={`${id}-prompt`}>{isEachLine ? 'Prompts, one per line' : 'Prompt'}</label>
      <textarea
        id={`${id}-prompt`}
        className="main-prompt"
        rows={3}
        dir="auto"
        maxLength={MAX_PROMPT_LENGTH}
        value={prompt}
        placeholder="a red apple on a blue background"
        onChange={(event) => onChange({ prompt: event.target.value })}
        onKeyDown={enterKey(onEnter, isEachLine)}
        aria-describedby={`${id}-tokens`}
      />
      {isEachLine || <TokenCount id={`${id}-tokens`} text={prompt} settings={settings} />}
      {!isEachLine && prompt.trim().includes('\n') && (
        <button type="button" className="plain small" onClick={() => onChange({ isEachLine: true })}>
          One picture per line
        </button>
      )}
    </div>
  );
}

/** What the picture is not to show, and the style. */
export function NegativeField({ settings, onChange, onEnter }: PromptFieldProps) {
  const id = useId();
  return (
    <div className="prompt-field">
      <label htmlFor={id}>Negative prompt</label>
      <textarea
        id={id}
        rows={1}
        dir="auto"
        maxLength={MAX_PROMPT_LENGTH}
        value={settings.negativePrompt}
        placeholder="what to avoid"
        onChange={(event) => onChange({ negativePrompt: event.target.value })}
        onKeyDown={enterKey(onEnter, false)}
        aria-describedby={`${id}-tokens`}
      />
      <TokenCount id={`${id}-tokens`} text={settings.negativePrompt} settings={settings} />
    </div>
  );
}

/** @param isMultiline Enter alone begins a new line */
function enterKey(onEnter: () => void, isMultiline: boolean) {
  return (event: KeyboardEvent) => {
    const isLines = isShortcut(event, 'generateLines');
    if (event.shiftKey || event.nativeEvent.isComposing || !(isLines || isShortcut(event, 'generate'))) return;
    if (isMultiline && !isLines) return;
    event.preventDefault();
    // While the key is held down, every repetition would be charged.
    if (!event.repeat) onEnter();
  };
}

interface StylePickerProps {
  /** Empty: none. */
  readonly style: string;
  readonly onChange: (style: string) => void;
}

/** A style that this server does not have stays in the list, so that it is not replaced silently. */
export function StylePicker({ style, onChange }: StylePickerProps) {
  const { client } = useSession();
  const { reply } = useLoaded(useCallback((signal: AbortSignal) => client.styles.list({ signal }), [client]));
  const styles = reply?.styles ?? [];
  const chosen = styles.find(({ name }) => name === style);
  const namesOf = (isOwn: boolean) => styles.filter(({ is_own: own }) => own === isOwn).map(({ name }) => name);
  const options = (names: readonly string[]) => names.map((name) => <option key={name}>{name}</option>);
  return (
    <label className="field">
      Style
      <select value={style} onChange={(event) => onChange(event.target.value)}>
        <option value="">none</option>
        {style !== '' && chosen === undefined && <option>{style}</option>}
        {options(namesOf(false))}
        {namesOf(true).length > 0 && <optgroup label="Yours">{options(namesOf(true))}</optgroup>}
      </select>
      {chosen && <small className="quiet">{chosen.prompt}</small>}
    </label>
  );
}

/** More would push the form off the screen. */
const LISTED_PIECES = 5;

interface TokenCountProps {
  readonly id: string;
  readonly text: string;
  readonly settings: Settings;
}

/** How many tokens the text has, which part the model truncates, and which syntax of other tools has no effect. */
function TokenCount({ id, text, settings }: TokenCountProps) {
  const { client } = useSession();
  const { model, promptWeighting, longPrompts, loraTags } = settings;
  const syntax = { prompt_weighting: promptWeighting, long_prompts: longPrompts, lora_tags: loraTags };
  const reply = useDebouncedReply(JSON.stringify([model, syntax, text]), async (signal) =>
    text === '' ? undefined : client.tokenize({ text, model, ...syntax }, { signal }),
  );
  const worst = reply?.encoders.toSorted((a, b) => b.truncated.length - a.truncated.length)[0];
  if (worst === undefined || text === '') return <small id={id} className="tokens" />;
  const pieces = reply?.foreign_syntax.map((piece) => piece.text) ?? [];
  // The markers at both ends count as tokens, too, where there is one chunk.
  const [count, limit] = longPrompts ? [worst.count, worst.limit] : [worst.count + 2, worst.limit + 2];
  const kind = worst.truncated === '' ? 'quiet' : 'wrong';
  return (
    <small id={id} className={`tokens ${kind}${worst.truncated === '' && pieces.length === 0 ? '' : ' long'}`}>
      {count} of {limit} tokens
      {worst.truncated !== '' && (
        <>
          ; truncated: <mark>{unreadEnd(text, worst.truncated)}</mark>
        </>
      )}
      {pieces.length > 0 && (
        <span className="foreign">
          ; not supported, read as plain text: {pieces.slice(0, LISTED_PIECES).join(', ')}
          {pieces.length > LISTED_PIECES && ` and ${pieces.length - LISTED_PIECES} more`}
        </span>
      )}
    </small>
  );
}
