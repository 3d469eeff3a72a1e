import { createHash } from 'node:crypto';
import { headers, idempotencyKeySchema, type Size, wireName } from '@easel/contract';
import { hasCode } from '@easel/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../domain-error.ts';
import type { Submission } from '../jobs/admit-jobs.ts';
import type { JobRecord, JobWebhook } from '../jobs/job.ts';
import type { JobView } from '../jobs/job-views.ts';
import type { ModelCard } from '../models/model-card.ts';
import { formatTraceparent } from '../observability/tracing.ts';
import type { StartFiles } from '../pictures/start-images.ts';
import { type Asked, findModel, jobRequestOf, modelOf, useModel } from './asked-request.ts';
import { notesOf } from './notes.ts';
import { baseUrl, callerOf, pathOf, type RouteContext } from './surface.ts';
import { addGenerationHeaders, cancelLater, clientGone, deliver, endOfJob, endOfPatience } from './wait-for-job.ts';

/** How a surface takes requests that create work. */
export interface WorkRoute {
  /** Whether a body may have a start image: then it may be large, and a form. */
  readonly takesPictures?: boolean;
  /** Whether the address names the model, as `:slug`: without that model there is nothing at the address. */
  readonly isModelInPath?: boolean;
  /** Turns what old clients and forms send into what the schema asks for. */
  readonly readBody?: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
}

/** The checks before the body of a request that creates work is validated, in their order. For the options of its route. */
export function workRoute(
  { services, gate, options }: RouteContext,
  { takesPictures = false, isModelInPath = false, readBody }: WorkRoute = {},
) {
  const exists = async (request: FastifyRequest, reply: FastifyReply) => {
    if (findModel(services, slugOf(request)) === null) return reply.callNotFound();
  };
  const mayUse = async (request: FastifyRequest, reply: FastifyReply) => {
    useModel(modelOf(services, slugOf(request)), request, reply);
  };
  const body = takesPictures ? gate.body('application/json', 'multipart/form-data') : gate.body('application/json');
  const key = gate.key('generate');
  return {
    config: { isRateLimited: true },
    onRequest: isModelInPath ? [exists, key, mayUse, body, gate.rateLimit] : [key, body, gate.rateLimit],
    ...(takesPictures && { bodyLimit: options.bodyBytes }),
    ...(readBody && { preValidation: readBody }),
  };
}

/** The model's name in the address, before validation. */
function slugOf({ params }: FastifyRequest): string {
  return typeof params === 'object' && params !== null && 'slug' in params ? String(params.slug) : '';
}

export interface Work {
  /** By which surface the job came, for the record. */
  readonly surface: string;
  readonly asked: Asked;
  readonly card: ModelCard;
  /** Whether the client waits for the end of the job with this request. */
  readonly waits?: boolean;
  readonly priority?: number | undefined;
  readonly store?: boolean | undefined;
  /** Of which nothing is kept, and that no key is remembered for: the next one replaces it. */
  readonly draft?: boolean | undefined;
  readonly webhook?: JobWebhook | undefined;
}

/**
 * Takes in a valid request.
 *
 * @throws DomainError as `submitJob`, and `invalid_request` for a size or picture that cannot be used
 */
export async function submitWork(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { surface, asked, card, waits = false, priority = 0, store = true, draft = false, webhook }: Work,
): Promise<JobRecord> {
  const { serverId } = context.services;
  const { accountId, keyId } = callerOf(request);
  const { values, called } = asked;
  requireParts(values, called);
  const file = await readPicture(context, request, values.image, 'image');
  const mask = await readPicture(context, request, values.mask, 'mask');
  const idempotency = draft ? null : idempotencyOf(request);
  const current = await context.services.currentModels.of(card);
  const styleTexts = await context.services.styles.ofRequest(accountId, asked.values);
  // Of a job that is not kept nothing is to lead to another picture.
  const startedFrom =
    store && values.image !== undefined ? ownPictureOf(context, request, values.image, 'image') : undefined;
  const own = {
    ...jobRequestOf(asked, current, null),
    ...(styleTexts && { styleTexts }),
    ...(startedFrom && { startedFrom }),
  };
  const notes = await notesOf(context.services, own, current);
  const requestOf = (picture: Size | null) =>
    picture === null ? own : { ...own, ...jobRequestOf(asked, current, picture) };
  const submissionOf = (picture: Size | null): Submission => ({
    accountId,
    keyId,
    surface,
    request: { ...requestOf(picture), ...(notes.length > 0 && { notes }) },
    startImage: file && { image: file, mask },
    priority,
    store: store && !draft,
    draft,
    webhook: webhook ?? null,
    waiter: waits && idempotency === null ? serverId : null,
    idempotency,
    requestId: request.id,
    traceparent: request.trace && formatTraceparent(request.trace),
  });
  const job =
    file === null
      ? await submitOrCancelLater(context, request, submissionOf(null))
      : await submitWithStartImage(context, request, reply, { image: file, mask }, submissionOf);
  request.jobId = job.id;
  // What it leads to can be asked for, also when it is an earlier request's job.
  reply.header(headers.requestId, job.id);
  // The job has what it needs: a call that waits for it, maybe for long, need not hold a picture in memory.
  request.body = undefined;
  request.releaseBodyMemory?.();
  return job;
}

/**
 * Takes in a valid request, waits for its pictures and delivers them.
 *
 * @param read makes the reply of the pictures; called again when it fails in an outage
 * @throws DomainError as `submitWork`, `endOfJob` and `deliver`
 */
export async function makePictures<Delivered>(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { work, read }: { readonly work: Work; readonly read: (view: JobView) => Promise<Delivered> },
): Promise<Delivered> {
  const patience = endOfPatience(context, reply);
  const job = await submitWork(context, request, reply, { ...work, waits: true });
  const view = await endOfJob(context, request, job.id, patience);
  const pictures = await deliver(request, reply, view, { patience, read: () => read(view) });
  addGenerationHeaders(reply, view.job, work.card);
  return pictures;
}

/**
 * The header of the start image is read first, which says what the job is and costs; then it is checked whether the job can be paid and
 * queued; and only then is the image decoded.
 */
async function submitWithStartImage(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { image: file, mask }: StartFiles,
  submissionOf: (picture: Size) => Submission,
): Promise<JobRecord> {
  const { checkSubmission, inputPictures } = context.services;
  const { accountId: owner } = callerOf(request);
  const considered = await inputPictures.use(file, { owner, signal: clientGone(reply) }, async (picture) => {
    const submission = submissionOf(picture.size);
    const earlier = await checkSubmission(submission);
    if (earlier !== null) return { earlier, submission };
    const { request: wanted } = submission;
    if (wanted.maskPadding !== null) requireWholePicture(picture.size);
    const size = wanted.maskPadding === null && wanted.upscale === null ? wanted : undefined;
    const fittingMask = mask && (await picture.mask(mask, size, wanted.maskBlur ?? 0));
    const startImage = { image: await picture.fit(size), mask: fittingMask };
    return { earlier, submission: { ...submission, startImage } };
  });
  return considered.earlier ?? submitOrCancelLater(context, request, considered.submission);
}

/** A picture is stored, and made, as large as it is sent where only a part of it is painted. */
const MOST_WHOLE_PIXELS = 16 * 2 ** 20;

function requireWholePicture({ width, height }: Size): void {
  if (width * height <= MOST_WHOLE_PIXELS) return;
  const message = `image must have at most 16 megapixels with mask_padding (got ${width}×${height})`;
  throw new DomainError('invalid_request', message, {
    remedy: 'send a smaller one, or leave mask_padding out',
    param: 'image',
  });
}

/** What means nothing alone would else be ignored, and charged. @throws DomainError `invalid_request` */
function requireParts(values: Asked['values'], called: Asked['called']): void {
  const { image, mask, maskPadding, maskBlur, upscale, upscaler } = values;
  if (mask !== undefined && upscale !== undefined) {
    const message = 'upscale cannot be used with a mask: what of the picture is repainted is enlarged later';
    throw new DomainError('invalid_request', message, { remedy: 'inpaint first, then upscale', param: 'upscale' });
  }
  const needs = [
    ['maskPadding', maskPadding, 'mask', mask],
    ['maskBlur', maskBlur, 'mask', mask],
    ['mask', mask, 'image', image],
    ['upscaler', upscaler, 'upscale', upscale],
  ] as const;
  const [name, , needed] = needs.find(([, value, , other]) => value !== undefined && other === undefined) ?? [];
  if (name === undefined) return;
  const param = wireName(name, 'api', called);
  const why = name === 'upscaler' ? '' : ': it says what of it is repainted';
  throw new DomainError('invalid_request', `${param} needs ${needed}${why}`, {
    remedy: `send ${needed} too, or leave ${param} out`,
    param,
  });
}

async function submitOrCancelLater(
  { services }: RouteContext,
  request: FastifyRequest,
  submission: Submission,
): Promise<JobRecord> {
  try {
    return (await services.submitJob(submission)).job;
  } catch (error) {
    // Should it have been taken after all, nobody would know of it.
    if (hasCode(error, 'database_lost') && submission.idempotency === null) {
      cancelLater(request, request.id, () => services.cancelJob(submission.accountId, request.id));
    }
    throw error;
  }
}

/** The headers of a request that creates work. */
export const workHeaders = Type.Object(
  { [headers.idempotencyKey]: Type.Optional(idempotencyKeySchema) },
  { title: 'WorkHeaders', description: 'Headers of a request that creates a job' },
);

/** The key that the client chose and a digest of what it asked for; null: it chose none. */
function idempotencyOf(request: FastifyRequest): Submission['idempotency'] {
  const key = request.headers[headers.idempotencyKey];
  if (typeof key !== 'string') return null;
  const asked = [pathOf(request.url), request.body];
  return { key, bodyHash: createHash('sha256').update(canonicalJson(asked)).digest() };
}

/** The same text for the same value, whatever the order of its fields. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

/** RFC 2397; what it says of the type does not matter, the file itself tells. */
const dataUrl = /^data:[^;,]{0,200}(?:;[^;,]{0,200}){0,9}?;base64,/i;
/** In lines or with blanks too, as many tools write it. */
const base64 = /^[\sA-Za-z0-9+/_-]*[A-Za-z0-9+/_-]\s*(?:=\s*){0,2}$/;
const ownPath = /^\/api\/images\/(?<name>[0-9a-f]{32})(?:\.(?:jpg|png|webp))?$/;

const allowed = 'base64, a data URL (data:image/png;base64,…), an uploaded file or the URL of a picture of this server';

/**
 * The file of the start image or its mask; it is not yet known whether it can be read.
 *
 * @throws DomainError `invalid_request` for anything else, `not_found` for a picture that is no longer kept
 */
async function readPicture(
  { services, options }: Pick<RouteContext, 'services' | 'options'>,
  request: FastifyRequest,
  value: string | undefined,
  param: 'image' | 'mask',
): Promise<Uint8Array | null> {
  if (value === undefined) return null;
  const name = ownPictureOf({ options }, request, value, param);
  return name === undefined ? decodedFile(value, param) : services.images.read(name);
}

/** The name of the picture of this server that a field names; undefined: it has the file itself. @throws DomainError `invalid_request` */
function ownPictureOf(
  { options }: Pick<RouteContext, 'options'>,
  request: FastifyRequest,
  value: string,
  param: 'image' | 'mask',
): string | undefined {
  return nameOfOwn(value, param, () => baseUrl(request, options.publicUrl));
}

/** The name of a picture of ours that a URL or its path leads to. */
function nameOfOwn(image: string, param: 'image' | 'mask', base: () => string): string | undefined {
  if (!/^https?:/i.test(image)) return ownPath.exec(image)?.groups?.name;
  const path = image.startsWith(`${base()}/`) ? image.slice(base().length) : '';
  return ownPath.exec(path)?.groups?.name ?? refuse(param, 'the URL of another site');
}

/** Of base64 or a data URL. @throws DomainError `invalid_request` */
export function decodedFile(image: string, param: 'image' | 'mask'): Uint8Array {
  const text = image.replace(dataUrl, '');
  if (!base64.test(text)) refuse(param, 'other text');
  return Buffer.from(text, 'base64');
}

function refuse(param: 'image' | 'mask', got: string): never {
  throw new DomainError('invalid_request', `${param} must be ${allowed} (got ${got})`, { param });
}
