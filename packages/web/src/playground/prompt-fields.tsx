import { MAX_PROMPT_LENGTH } from '@easel/contract';
import { type KeyboardEvent, useId } from 'react';
import { unreadEnd } from '../format/text.ts';
import { useDebouncedReply, useLastKnown } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';
import { isShortcut } from '../shortcuts.ts';
import { useWeightKeys } from './weight-keys.tsx';

export interface PromptFieldProps {
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
  readonly onEnter: () => void;
}

/** The prompt, and how many tokens of it are read. Enter generates; where lines are prompts of their own, Ctrl+Enter does. */
export function PromptField({ settings, onChange, onEnter }: PromptFieldProps) {
  const id = useId();
  const { prompt, isEachLine } = settings;
  const weights = useWeightKeys({ settings, name: 'prompt', onChange });
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
        onKeyDown={(event) => {
          weights.onKeyDown(event);
          enterKey(onEnter, isEachLine)(event);
        }}
        aria-describedby={`${id}-tokens`}
      />
      {weights.offer}
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
  const weights = useWeightKeys({ settings, name: 'negativePrompt', onChange });
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
        onKeyDown={(event) => {
          weights.onKeyDown(event);
          enterKey(onEnter, false)(event);
        }}
        aria-describedby={`${id}-tokens`}
      />
      {weights.offer}
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
  const reply = useLastKnown(
    useDebouncedReply(JSON.stringify([model, syntax, text]), async (signal) =>
      text === '' ? undefined : client.tokenize({ text, model, ...syntax }, { signal }),
    ),
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
