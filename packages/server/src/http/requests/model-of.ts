import { headers } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';
import { requireModel } from '../../keys/caller.ts';
import type { ModelCard } from '../../models/model-card.ts';
import { callerOf } from '../request-state.ts';
import type { HttpServices } from '../services.ts';

type Models = Pick<HttpServices, 'models'>;

/** The model of a name; null when there is none. */
export function findModel(services: Models, slug: string): ModelCard | null {
  const cards = services.models();
  const bySlug = cards.find((card) => card.slug === slug);
  return bySlug ?? cards.find((card) => card.name === slug || (card.isEmbedded && slug === 'demo')) ?? null;
}

/** @param slug absent: the default model. @param hint what else to tell when there is none. @throws DomainError `not_found` */
export function modelOf(services: Models, slug: string | undefined, hint = ''): ModelCard {
  const cards = services.models();
  const card = slug === undefined ? cards.find(({ isDefault }) => isDefault) : findModel(services, slug);
  if (card) return card;
  const names = cards.map((each) => each.slug).join(', ');
  throw new DomainError(
    'not_found',
    `there is no model ${JSON.stringify(slug ?? 'by default')} here; there are: ${names}${hint}`,
    {
      param: 'model',
    },
  );
}

/** The model that the request is going to use, which the reply tells. @throws DomainError `forbidden` */
export function useModel(card: ModelCard, request: FastifyRequest, reply: FastifyReply): ModelCard {
  reply.header(headers.model, card.name);
  requireModel(callerOf(request), card.slug);
  return card;
}
