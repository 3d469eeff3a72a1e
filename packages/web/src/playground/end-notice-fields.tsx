import { useState } from 'react';
import { canNotify, type EndNotice, isWanted, setWanted } from '../runs/end-notices.ts';

/** Two switches: how the end of a run is told to somebody who looks elsewhere. */
export function EndNoticeFields() {
  return (
    <fieldset className="stack">
      <legend>When a run ends</legend>
      <EndNoticeField notice="notification" label="Show a notification" />
      <EndNoticeField notice="sound" label="Play a sound" />
    </fieldset>
  );
}

function EndNoticeField({ notice, label }: { readonly notice: EndNotice; readonly label: string }) {
  const [isOn, setOn] = useState(() => isWanted(notice));
  const [isRefused, setRefused] = useState(false);
  const isPossible = notice === 'sound' || canNotify();
  const change = async (wanted: boolean) => {
    const result = await setWanted(notice, wanted);
    setOn(result);
    setRefused(wanted && !result);
  };
  return (
    <div>
      <label className="row check">
        <input
          type="checkbox"
          checked={isOn}
          disabled={!isPossible}
          onChange={({ target }) => void change(target.checked)}
        />
        {label}
      </label>
      {!isPossible && <small className="quiet">Browsers allow this over HTTPS and on this computer only.</small>}
      {isRefused && (
        <small className="wrong" role="alert">
          The browser does not allow it. Change that in the browser's settings for this page.
        </small>
      )}
    </div>
  );
}
