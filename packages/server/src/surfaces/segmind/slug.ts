import type { FastifyReply, FastifyRequest } from 'fastify';
import { type TString, Type } from 'typebox';
import type { RouteContext } from '../../http/http-app.ts';
import { findModel, modelOf, useModel } from '../../http/requests/model-of.ts';
import type { ModelCard } from '../../models/model-card.ts';

/** The model in the address. */
export const slugParams = Type.Object(
  { slug: Type.String({ description: "The model's name", examples: ['playground-v2.5'] }) satisfies TString },
  { title: 'SlugParams', description: 'Which model' },
);

/** The first question of all: an address with a model that is not there does not exist, whoever asks. */
export function slugExists({ services }: RouteContext) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (findModel(services, slugOf(request)) === null) return reply.callNotFound();
  };
}

/** After the key: whether it may use this model. */
export function slugAllowed({ services }: RouteContext) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    useModel(modelOf(services, slugOf(request)), request, reply);
  };
}

export function modelOfSlug({ services }: RouteContext, slug: string): ModelCard {
  return modelOf(services, slug);
}

/** Before validation, where nothing is typed yet. */
function slugOf({ params }: FastifyRequest): string {
  if (typeof params !== 'object' || params === null || !('slug' in params)) return '';
  return String(params.slug);
}
