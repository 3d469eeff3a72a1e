export { demoModelPath } from '@easel/demo-model';
export { type ModelLicence, parseModelCard, readModelLicence } from './model-card.ts';
export { resolveModel } from './resolve-model.ts';
