import type { Direction } from '../settings/frame.ts';
import type { Settings } from '../settings/settings.ts';

export type EditorTool = 'frame' | 'mask';

export interface EditorProps {
  /** What is edited: the start image and how it lies in the frame, and all else that the request will say. */
  readonly settings: Settings;
  readonly tool: EditorTool;
  /** Whether it edits the start image of the form: then what is changed is in the form, however the editor is closed. */
  readonly isForm: boolean;
  /** Called before the playground is shown with what was made of the picture. */
  readonly onLeave?: () => void;
  readonly onClose: () => void;
}

/** How much more of the surroundings a press of a button shows. */
export const zoomsOut = [1.5, 2] as const;
export const panDirections: readonly (readonly [Direction, string])[] = [
  ['left', '←'],
  ['up', '↑'],
  ['down', '↓'],
  ['right', '→'],
];

/** What hides the seam between what is kept and what is painted, in pixels. */
const SEAM_BLUR = 4;

/** What changes when the model is to paint what is around the picture. */
export const paintedAround = { around: 'paint', maskBlur: SEAM_BLUR } as const satisfies Partial<Settings>;

export function wayOf(direction: Direction): string {
  return { left: 'to the left', right: 'to the right', up: 'upwards', down: 'downwards' }[direction];
}
