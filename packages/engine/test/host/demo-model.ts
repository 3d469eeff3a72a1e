import { fileURLToPath } from 'node:url';

/** The embedded model's folder. */
export const demoModel = fileURLToPath(new URL('../../../demo-model/model', import.meta.url));
