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
  const { isOn, turn, offer, problem } = live;
  if (!isOn && offer?.offered !== true && problem === undefined) return null;
  return (
    <div className="live">
      <label className="row check">
        <input type="checkbox" checked={isOn} aria-describedby={id} onChange={({ target }) => turn(target.checked)} />
        Live drafts
      </label>
      <small id={id} className="quiet">
        {hintOf(live, settings)}
      </small>
    </div>
  );
}

/** What becomes of the drafts, in words; also where the switch is folded away. */
export function LiveStatus({ live: { isOn, draft, problem } }: Pick<LiveSwitchProps, 'live'>) {
  return (
    <>
      {isOn && (
        // Once, and not for every draft.
        <span role="status" className="visually-hidden">
          {draft !== undefined && 'The first draft is shown. Drafts follow your changes.'}
        </span>
      )}
      {problem !== undefined && <Notice kind={problem.kind}>{problem.text}</Notice>}
    </>
  );
}

function hintOf({ isOn, offer }: Live, { startImage }: LiveSwitchProps['settings']): string {
  if (isOn && startImage !== null) return "Drafts can't use a start image. Remove it to see drafts.";
  const { offered = true, reason } = offer ?? {};
  if (isOn && !offered && reason) return `No drafts: ${toSentence(reason)}`;
  return 'Small previews update as you type. They are free and not saved.';
}
