export { demoModelPath } from '@easel/demo-model';
export { findModel as resolveModel } from '@easel/engine';
export { type ModelLicence, parseModelCard, readModelLicence } from './model-card.ts';
