/**
 * What `easel model verify-precision` draws without `--prompts`: faces, hands, text, fine texture, flat areas, darkness, many small things
 * and few large ones, because precision and skipped passes show in different ones of them.
 */
export const defaultPrompts: readonly [string, ...string[]] = [
  'a red apple on a blue background',
  'close-up portrait of an old fisherman, wrinkled skin, grey beard, soft window light',
  'a panda in the snow',
  'two hands holding a cup of coffee, seen from above, wooden table',
  'a shop sign that says OPEN, brick wall, early morning',
  'a crowded street market at night, neon lights, rain on the ground',
  'flat illustration of a rocket over green hills, clear sky, few colours',
  'a mountain lake at sunrise, mist, pine forest, mirrored peaks',
];
