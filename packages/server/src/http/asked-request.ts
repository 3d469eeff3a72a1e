import {
  type CalledNames,
  calledNames,
  defaults,
  type Fault,
  type FieldValues,
  type FilledRequest,
  faultOfSize,
  faultOfUpscale,
  faultOfValues,
  fillRequest,
  firstSeed,
  headers,
  inWireNames,
  isWithin,
  limits,
  namesSize,
  type PictureRequest,
  readRequest,
  requestedSize,
  type Size,
  type Surface,
  sizeForPicture,
  wireName,
} from '@easel/contract';
import { takeLoraTags } from '@easel/parameters';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import type { JobRequest } from '../jobs/job.ts';
import { requireModel } from '../keys/callers.ts';

import { type ModelCard, usualUpscaler } from '../models/model-card.ts';
import { faultOfLoras } from '../models/served-loras.ts';

import type { HttpServices } from './services.ts';
import { callerOf } from './surface.ts';

/** A valid request with its fields under our own names. */
export interface Asked<Values extends FieldValues = PictureRequest> {
  readonly values: Values;
  /** What its client calls the fields that our own API calls something else, for messages about them. */
  readonly called: CalledNames;
  /** Where it came from, if that is one that the table of fields has. */
  readonly surface?: Surface | undefined;
}

/** Reads a body that is valid by the schema of a surface that the contract's table of fields has. */
export function askedBy(body: object & { readonly prompt: string }, surface: Surface): Asked;
export function askedBy(body: object, surface: Surface): Asked<FieldValues>;
export function askedBy(body: object, surface: Surface): Asked<FieldValues> {
  return { values: readRequest(body, surface), called: calledNames({ ...body }, surface), surface };
}

/** What a request with a mask gets where it is silent. */
const masked = { mask: 'given', strength: defaults.maskedStrength };

/** What one gets that enlarges its start image. */
function enlargedBy(upscaler: FilledRequest['upscaler']) {
  return { strength: upscaler === 'network' ? 0 : defaults.upscaledStrength };
}

/**
 * What is to be made, every default filled in and the seed drawn.
 *
 * @param picture the size of the picture to start from, whose shape is taken where no size is named; the picture itself becomes part of the
 *   request when the job is taken
 * @throws DomainError `invalid_request` for what the model does not do
 */
export function jobRequestOf(asked: Asked, card: ModelCard, picture: Size | null): JobRequest {
  const { values, called, surface } = asked;
  const presets = { ...card.defaults, model: card.slug, ...sizeOf(asked, card, picture) };
  const { width, height, model, image, mask, variationStrength = 0, variationSeed, ...given } = values;
  const own = withoutUndefined({ ...given, ...lorasOf(given) });
  const { upscaler = usualUpscaler(card) } = own;
  const enlarged = own.upscale !== undefined && enlargedBy(upscaler);
  const start = picture === null ? {} : { image: 'given', ...enlarged, ...(mask !== undefined && masked) };
  // Drawn once, for all attempts.
  const variation = variationStrength > 0 && { variationStrength, variationSeed: firstSeed(variationSeed) };
  const seeds = { seed: firstSeed(values.seed), ...variation };
  const filled = fillRequest({ ...start, ...own, ...seeds, upscaler }, presets);
  requireAllowed({ values: filled, called, surface }, card);
  if (picture !== null) refuse(faultOfCopies(filled, called));
  return { ...filled, image: null, mask: null, ...(Object.keys(called).length > 0 && { called }) };
}

/** Without noise nothing in a picture depends on its seed: each would be charged for, and all would be the same. */
function faultOfCopies({ upscale, strength, samples }: FilledRequest, called: CalledNames): Fault | undefined {
  if (upscale === null || strength !== 0 || samples === 1) return undefined;
  const param = wireName('samples', 'api', called);
  return { param, message: `${param} must be 1 where a picture is enlarged with strength 0: all would be the same` };
}

/** A key without a value would replace what a request gets that is silent about it. */
function withoutUndefined<Values extends object>(values: Values): Values {
  const kept = { ...values };
  for (const [key, value] of Object.entries(kept)) if (value === undefined) Reflect.deleteProperty(kept, key);
  return kept;
}

/** The prompt and the LoRAs, with those of the tags in the prompt where these are read. @throws DomainError `invalid_request` */
function lorasOf({ prompt, loras, loraTags = false }: PictureRequest): Pick<PictureRequest, 'prompt' | 'loras'> {
  const taken = loraTags ? takeLoraTags(prompt) : undefined;
  if (taken === undefined || taken.loras.length === 0) return { prompt, ...(loras && { loras }) };
  // As an empty prompt is: what is drawn could not be asked for again.
  if (taken.prompt === '') refuse({ param: 'prompt', message: 'prompt must have words besides the tags of LoRAs' });
  const all = [...(loras ?? []), ...taken.loras];
  if (all.length > limits.loras.max) {
    refuse({
      param: 'prompt',
      message: `prompt and loras may name at most ${limits.loras.max} LoRAs together (got ${all.length})`,
    });
  }
  const { min, max } = limits.loraWeight;
  const wrong = taken.loras.find(({ weight }) => !isWithin(weight, limits.loraWeight));
  if (wrong !== undefined) {
    const tag = JSON.stringify(`<lora:${wrong.name}:${wrong.weight}>`);
    refuse({ param: 'prompt', message: `prompt: the weight of a LoRA must be from ${min} to ${max} (got ${tag})` });
  }
  return { prompt: taken.prompt, loras: all };
}

/** @throws DomainError `invalid_request` for a value that the model does not allow */
export function requireAllowed(
  { values, called, surface }: Omit<Asked, 'values'> & { readonly values: FieldValues | FilledRequest },
  card: ModelCard,
): void {
  const { slug, allowed, onSegmind } = card;
  const here = surface === 'segmind' ? { ...allowed, ...onSegmind } : allowed;
  const fault = faultOfValues({ ...values, model: slug }, here);
  refuse(fault && inWireNames(fault, 'api', called));
  refuse(faultOfLoras(values.loras ?? [], card));
}

/**
 * The size that is drawn.
 *
 * @throws DomainError `invalid_request` for one that the model does not draw
 */
export function sizeOf(asked: Asked<FieldValues>, card: ModelCard, picture: Size | null = null): Size {
  const { values, called } = asked;
  const { defaults: native, sizes } = card;
  if (picture !== null && values.upscale !== undefined) return enlargedSize(asked, picture);
  const isOpen = picture !== null && !namesSize(values);
  const size = isOpen ? sizeForPicture(picture, native.width, sizes) : requestedSize(values, native, sizes);
  const names = { width: wireName('width', 'api', called), height: wireName('height', 'api', called) };
  refuse(faultOfSize(size, sizes, names));
  refuse(faultOfUpscale(size, values.upscale));
  return size;
}

/** A picture that is enlarged as it is has any size. @throws DomainError `invalid_request` */
function enlargedSize({ values, called }: Asked<FieldValues>, picture: Size): Size {
  const [idle] = (['width', 'height', 'aspectRatio'] as const).filter((name) => values[name] !== undefined);
  if (idle !== undefined) {
    const param = wireName(idle, 'api', called);
    const message = `${param} has no effect with upscale and image: the picture is enlarged as it is; leave it out`;
    refuse({ message, param });
  }
  if ((values.variationStrength ?? 0) > 0) {
    const param = wireName('variationStrength', 'api', called);
    const message = `${param} has no effect with upscale and image: the picture is enlarged as it is; leave it out`;
    refuse({ message, param });
  }
  refuse(faultOfUpscale(picture, values.upscale));
  return picture;
}

function refuse(fault: Fault | undefined): void {
  if (fault === undefined) return;
  const { message, param } = fault;
  throw new DomainError('invalid_request', message, param === undefined ? {} : { param });
}

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
  throw new DomainError('not_found', `there is no model ${JSON.stringify(slug ?? 'by default')} here`, {
    remedy: `there are: ${names}${hint}`,
    param: 'model',
  });
}

/** The model that the request is going to use, which the reply tells. @throws DomainError `forbidden` */
export function useModel(card: ModelCard, request: FastifyRequest, reply: FastifyReply): ModelCard {
  reply.header(headers.model, card.name);
  requireModel(callerOf(request), card.slug);
  return card;
}
