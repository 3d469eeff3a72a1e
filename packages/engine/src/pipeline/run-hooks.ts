/** The calls into the runtime: each blocks its thread and cannot be interrupted. `session` is the making of a session. */
export const passKinds = ['text_encoder', 'unet', 'vae_encode', 'vae_decode', 'session'] as const;

export type PassKind = (typeof passKinds)[number];

export interface PassEvent {
  readonly kind: PassKind;
  readonly phase: 'start' | 'end';
}

/** What a run tells besides its steps. The engine host times its passes by these, to cancel and to find a hung run. */
export interface RunHooks {
  /** Called right before and right after each pass, `end` also when the pass throws. Passes do not overlap. */
  readonly onPass?: (event: PassEvent) => void;
}
