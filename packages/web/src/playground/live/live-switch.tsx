import { useId } from 'react';
import { Notice } from '../../parts/notices.tsx';
import { toSentence } from '../../session/requests.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Live } from './use-live.ts';

export interface LiveSwitchProps {
  readonly live: Live;
  readonly settings: Pick<Settings, 'startImage'>;
}

/** Turns drafts on and off, and says what they cost; where none are made there is no switch. */
export function LiveSwitch({ live, settings }: LiveSwitchProps) {
  const id = useId();
  const { isOn, turn, quote, draft, problem } = live;
  if (!isOn && quote?.draft.offered !== true && problem === undefined) return null;
  return (
    <div className="live">
      <label className="row check">
        <input type="checkbox" checked={isOn} aria-describedby={id} onChange={({ target }) => turn(target.checked)} />
        Live drafts
      </label>
      <small id={id} className="quiet">
        {hintOf(live, settings)}
      </small>
      {/* Once, and not for every draft. */}
      <span role="status" className="visually-hidden">
        {isOn && draft !== undefined && 'The first draft is shown. Drafts follow your changes.'}
      </span>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
    </div>
  );
}

function hintOf({ isOn, quote }: Live, { startImage }: LiveSwitchProps['settings']): string {
  if (isOn && startImage !== null) return 'Drafts start from noise alone: remove the start image to see them.';
  const { offered = true, reason } = quote?.draft ?? {};
  if (isOn && !offered && reason) return `No drafts: ${toSentence(reason)}`;
  return 'Small drafts follow what you type, free and not saved. You pay only for pictures you keep.';
}
