import finishedIcon from './icon-finished.svg';
import type { Run } from './run.ts';

/** What a user may ask for when a run ends; remembered in this browser. */
export type EndNotice = 'notification' | 'sound';

const stored = { notification: 'easel.notification', sound: 'easel.sound' } as const;

export function isWanted(notice: EndNotice): boolean {
  if (localStorage.getItem(stored[notice]) !== 'on') return false;
  return notice === 'sound' || (canNotify() && Notification.permission === 'granted');
}

/** Browsers show notifications for secure contexts only: HTTPS and localhost. */
export function canNotify(): boolean {
  return window.isSecureContext && 'Notification' in window;
}

/**
 * Turns a notice on or off; the browser's question is asked here only, on the user's press.
 *
 * @returns whether it is on now
 */
export async function setWanted(notice: EndNotice, isOn: boolean): Promise<boolean> {
  const isAllowed = !isOn || notice === 'sound' || (await Notification.requestPermission()) === 'granted';
  localStorage.setItem(stored[notice], isOn && isAllowed ? 'on' : 'off');
  if (notice === 'sound' && isOn) beep(); // heard at once, and the browser knows that the user wants it
  return isOn && isAllowed;
}

/** For those who do not look at the page. */
export function showNotification({ key, job, phase, request }: Run): void {
  if (!isWanted('notification') || (!document.hidden && document.hasFocus())) return;
  const title = phase === 'failed' ? 'Run failed' : 'Picture finished';
  void onceForAllTabs(`notification ${job?.id ?? key}`, () => {
    try {
      // The same tag from another tab replaces it.
      const notification = new Notification(title, { body: request.prompt, tag: job?.id ?? key, icon: finishedIcon });
      notification.onclick = () => {
        window.focus();
        notification.close();
      };
    } catch {
      // Browsers of phones show notifications of installed pages only.
    }
  });
}

export function playSound({ key, job }: Run): void {
  if (isWanted('sound')) void onceForAllTabs(`sound ${job?.id ?? key}`, beep);
}

/** All tabs see the end; one of them acts. */
async function onceForAllTabs(name: string, act: () => void): Promise<void> {
  if (!('locks' in navigator)) {
    act();
    return;
  }
  await navigator.locks.request(`easel.${name}`, { ifAvailable: true }, async (lock) => {
    if (lock === null) return;
    act();
    await new Promise((resolve) => setTimeout(resolve, HELD_MS));
  });
}

/** By then the other tabs have seen the end, too. */
const HELD_MS = 5000;

/** Two short notes, softly. */
function beep(): void {
  const audio = new AudioContext();
  for (const [index, frequency] of [660, 880].entries()) {
    const start = audio.currentTime + index * 0.14;
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.32);
  }
  setTimeout(() => void audio.close(), 1000);
}
