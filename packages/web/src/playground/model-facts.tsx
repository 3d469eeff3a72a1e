import type { Model } from '@easel/contract';
import { bytes } from '../format/text.ts';

/** What tells models apart before one of them is chosen: its family, its licence and how large it is. */
export function ModelFacts({ model: { family, licence, weight_bytes: size } }: { readonly model: Model }) {
  const facts = [
    `family ${family}`,
    licence === null ? 'licence not stated' : `licence ${licence.name}`,
    ...(size > 0 ? [bytes(size)] : []),
  ];
  return <small className="quiet model-facts">{facts.join(' · ')}</small>;
}
