import { type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react';
import type { Settings } from '../settings/settings.ts';
import { isShortcut } from '../shortcuts.ts';
import { weighWords } from './weigh-words.ts';

/** By how much one press of a key changes a weight. */
const STEP = 0.1;

type TextName = 'prompt' | 'negativePrompt';

export interface WeightKeysOptions {
  readonly settings: Settings;
  readonly name: TextName;
  readonly onChange: (part: Partial<Settings>) => void;
}

/** Ctrl or Cmd with ↑ and ↓ in a prompt changes the weight of what is selected, or of the word at the caret. */
export function useWeightKeys({ settings, name, onChange }: WeightKeysOptions) {
  const [isOffered, setOffered] = useState(false);
  const pending = useRef<{ readonly area: HTMLTextAreaElement; readonly start: number; readonly end: number }>(
    undefined,
  );
  const { promptWeighting } = settings;
  const text = settings[name];
  // The new text is in the field only after this render, and a change of it moves the caret to its end.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the text has changed
  useLayoutEffect(() => {
    pending.current?.area.setSelectionRange(pending.current.start, pending.current.end);
    pending.current = undefined;
  }, [text]);
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const isMore = isShortcut(event, 'weighMore');
    if (!(isMore || isShortcut(event, 'weighLess')) || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (!promptWeighting) {
      setOffered(true);
      return;
    }
    const area = event.currentTarget;
    const { selectionStart: start, selectionEnd: end } = area;
    const weighed = weighWords({ text: area.value, start, end }, isMore ? STEP : -STEP);
    if (weighed === undefined) return;
    pending.current = { area, start: weighed.start, end: weighed.end };
    onChange({ [name]: weighed.text });
  };
  const offer = isOffered && !promptWeighting && (
    <p role="status" className="row wrap weight-offer">
      <small>Weights such as (word:1.1) are read as plain text now.</small>
      <button type="button" className="small" onClick={() => onChange({ promptWeighting: true })}>
        Turn on prompt weighting
      </button>
    </p>
  );
  return { onKeyDown, offer };
}
