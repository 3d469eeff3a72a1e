import { fileURLToPath } from 'node:url';

/** Absolute path of the embedded model's diffusers folder; the same from `src` and from `dist`. */
export const demoModelPath: string = fileURLToPath(new URL('../model', import.meta.url));
