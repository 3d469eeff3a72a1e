import { type Static, Type } from 'typebox';
import { choice, openObject } from '../schema/define.ts';

export const openaiModelSchema = openObject(
  {
    id: Type.String({ description: "The model's name", examples: ['playground-v2.5'] }),
    object: choice(['model'], { description: 'Always model', examples: ['model'] }),
    created: Type.Integer({ description: 'Unix time in seconds', examples: [1_769_860_800] }),
    owned_by: Type.String({ description: 'Who made the model', examples: ['easel'] }),
  },
  { title: 'OpenaiModel', description: 'A model, as GET /v1/models/:id tells it' },
);

export const openaiModelListSchema = openObject(
  {
    object: choice(['list'], { description: 'Always list', examples: ['list'] }),
    data: Type.Array(openaiModelSchema, { description: 'The models' }),
  },
  { title: 'OpenaiModelList', description: 'The reply of GET /v1/models' },
);

export type OpenaiModel = Static<typeof openaiModelSchema>;
export type OpenaiModelList = Static<typeof openaiModelListSchema>;
