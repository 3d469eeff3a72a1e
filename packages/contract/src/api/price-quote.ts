import { type Static, Type } from 'typebox';
import { sizeContradiction } from '../picture/requested-size.ts';
import { credits } from '../schema/common-fields.ts';
import { closedObject, openObject } from '../schema/define.ts';
import * as field from '../schema/generation-fields.ts';

const fields = closedObject(
  {
    model: Type.Optional(field.model),
    samples: Type.Optional(field.samples),
    num_inference_steps: Type.Optional(field.steps),
    img_width: Type.Optional(field.imgWidth),
    img_height: Type.Optional(field.imgHeight),
    width: Type.Optional(field.widthAlias),
    height: Type.Optional(field.heightAlias),
    aspect_ratio: Type.Optional(field.aspectRatio),
  },
  { title: 'PriceQuery', description: 'What is to be priced; defaults as in a job' },
);

/** GET /api/price; the text of a query string goes through `fromText` first. */
export const priceQuerySchema = Type.Refine(
  fields,
  (query) => sizeContradiction(query) === undefined,
  (query) => sizeContradiction(query) ?? '',
);

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

export type PriceQuery = Static<typeof fields>;
export type PriceQuote = Static<typeof priceQuoteSchema>;
