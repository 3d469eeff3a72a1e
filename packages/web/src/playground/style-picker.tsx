import type { Style } from '@easel/contract';
import { Suspense, useCallback, useState } from 'react';
import { lazyView } from '../parts/lazy-view.tsx';
import { useLoaded } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';
import '../styles/pickers.css';

/** Loaded when it is first opened. */
const StyleDialog = lazyView(() => import('./style-dialog.tsx').then((module) => module.StyleDialog));

export interface StylePickerProps {
  readonly settings: Pick<Settings, 'style' | 'prompt' | 'negativePrompt'>;
  readonly onChange: (part: Partial<Settings>) => void;
}

/** The style by its name, or by a sample. One that this server does not have stays in the list, so that it is not replaced silently. */
export function StylePicker({ settings, onChange }: StylePickerProps) {
  const { client } = useSession();
  const { reply, retry } = useLoaded(useCallback((signal: AbortSignal) => client.styles.list({ signal }), [client]));
  const [isOpen, setOpen] = useState(false);
  const { style } = settings;
  const styles = reply?.styles ?? [];
  const chosen = styles.find(({ name }) => name === style);
  const namesOf = (isOwn: boolean) => styles.filter(({ is_own: own }) => own === isOwn).map(({ name }) => name);
  const options = (names: readonly string[]) => names.map((name) => <option key={name}>{name}</option>);
  const choose = (name: Style['name']) => onChange({ style: name });
  return (
    <div className="style-picker">
      <label className="field">
        Style
        <select value={style} onChange={(event) => choose(event.target.value)}>
          <option value="">none</option>
          {style !== '' && chosen === undefined && <option>{style}</option>}
          {options(namesOf(false))}
          {namesOf(true).length > 0 && <optgroup label="Yours">{options(namesOf(true))}</optgroup>}
        </select>
      </label>
      <button type="button" onClick={() => setOpen(true)}>
        Samples…
      </button>
      {chosen && (
        <small className="quiet" dir="auto">
          {chosen.prompt}
        </small>
      )}
      {isOpen && (
        <Suspense>
          <StyleDialog
            styles={styles}
            settings={settings}
            onChoose={(name) => {
              choose(name);
              setOpen(false);
            }}
            onClose={() => setOpen(false)}
            onChanged={retry}
          />
        </Suspense>
      )}
    </div>
  );
}
