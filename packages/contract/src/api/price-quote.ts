import { type Static, Type } from 'typebox';
import { credits } from '../schema/common-fields.ts';
import { openObject } from '../schema/define.ts';

export const priceQuoteSchema = openObject(
  {
    price: credits({ description: 'In credits', examples: [0.0037] }),
    model: Type.String({ description: 'The model', examples: ['playground-v2.5'] }),
    samples: Type.Integer({ minimum: 1, description: 'The number of pictures', examples: [1] }),
    num_inference_steps: Type.Integer({ minimum: 1, description: 'Denoising steps', examples: [25] }),
    img_width: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    img_height: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
  },
  { title: 'PriceQuote', description: 'A price and what it is for' },
);

export type PriceQuote = Static<typeof priceQuoteSchema>;
