import { type Static, Type } from 'typebox';
import { webhookEvents, webhookStates } from '../limits.ts';
import { cursorParam, instant, limitParam, nextCursor, uuid } from '../schema/common-fields.ts';
import { choice, closedObject, count, matching, nullable, openObject, seconds } from '../schema/define.ts';
import { jobSchema } from './job.ts';

/** With the event that tests an endpoint. */
const sentEvents = [...webhookEvents, 'webhook.test'] as const;
export type SentWebhookEvent = (typeof sentEvents)[number];

/** An account can have so many endpoints. */
export const MAX_WEBHOOK_ENDPOINTS = 20;

const endpointUrl = matching('webhookUrl', {
  description:
    'Where events are sent: an https:// address that is reachable from the internet, unless the server allows more',
  examples: ['https://example.org/easel-events'],
});
const events = Type.Array(choice(webhookEvents, { description: 'An event', examples: ['job.succeeded'] }), {
  description: 'Of which events it is told',
  minItems: 1,
  uniqueItems: true,
  default: [...webhookEvents],
  examples: [['job.succeeded', 'job.failed']],
});
const enabled = Type.Boolean({ description: 'Whether events are sent to it', default: true, examples: [true] });
const includePrompt = Type.Boolean({
  description: 'Whether events contain the prompts of the job, and its `start_image`',
  default: false,
  examples: [false],
});

export const webhookEndpointSchema = openObject(
  {
    id: uuid("The endpoint's id"),
    account_id: uuid('Whose endpoint it is'),
    url: Type.String({ description: 'Where events are sent', examples: ['https://example.org/easel-events'] }),
    events,
    enabled,
    disabled_reason: nullable(Type.String(), {
      description: 'Why the server disabled it; null when it did not',
      examples: ['it answered 410 Gone', null],
    }),
    include_prompt: includePrompt,
    created_at: instant('When it was created'),
    old_secret_until: nullable(instant('Until then'), {
      description: 'Until when events are also signed with the secret before the last rotation; null: they are not',
      examples: [null],
    }),
  },
  { title: 'WebhookEndpoint', description: 'An address that events are sent to' },
);

const secret = Type.String({
  description: 'Signs the events, as Standard Webhooks describe it',
  examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
});

export const webhookEndpointWithSecretSchema = openObject(
  { ...webhookEndpointSchema.properties, secret },
  { title: 'WebhookEndpointWithSecret', description: 'An endpoint with its secret, which no other reply contains' },
);

export const webhookSecretSchema = openObject(
  {
    secret,
    old_secret_until: webhookEndpointSchema.properties.old_secret_until,
  },
  { title: 'WebhookSecret', description: "Signs the events of the account's jobs that have a `webhook_url`" },
);

export const webhookEndpointListSchema = openObject(
  { endpoints: Type.Array(webhookEndpointSchema, { description: 'Oldest first' }) },
  { title: 'WebhookEndpointList', description: 'Endpoints' },
);

const settings = {
  events: Type.Optional(events),
  enabled: Type.Optional(enabled),
  include_prompt: Type.Optional(includePrompt),
};

export const webhookEndpointCreateSchema = closedObject(
  { url: endpointUrl, ...settings },
  { title: 'WebhookEndpointCreate', description: 'The body of POST /api/webhooks/endpoints' },
);

export const adminWebhookEndpointCreateSchema = closedObject(
  { account_id: uuid('Whose endpoint it is'), url: endpointUrl, ...settings },
  { title: 'AdminWebhookEndpointCreate', description: 'The body of POST /api/admin/webhooks/endpoints' },
);

export const webhookEndpointPatchSchema = closedObject(
  { url: Type.Optional(endpointUrl), ...settings },
  { title: 'WebhookEndpointPatch', description: 'What can be changed of an endpoint; absent fields stay as they are' },
);

/** Of every address with an endpoint or a delivery in it. */
export const webhookParamsSchema = closedObject(
  { id: uuid('The id of the endpoint, or of the delivery') },
  { title: 'WebhookParams', description: 'Which endpoint or delivery' },
);

export const webhookDeliverySchema = openObject(
  {
    id: uuid("The delivery's id; the header webhook-id is `msg_` and this"),
    account_id: uuid('Whose delivery it is'),
    endpoint_id: nullable(uuid('The endpoint'), {
      description: 'Null: it goes to the `webhook_url` of its job, or its endpoint was deleted',
      examples: ['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e', null],
    }),
    url: Type.String({ description: 'Where it is sent', examples: ['https://example.org/easel-events'] }),
    event: choice(sentEvents, { description: 'What happened', examples: ['job.succeeded'] }),
    job_id: nullable(uuid('The job'), { description: 'The job; null for a test', examples: [null] }),
    status: choice(webhookStates, {
      description: 'pending: more attempts follow. failed: none follow, unless it is sent again',
      examples: ['delivered'],
    }),
    attempts: count({ description: 'How often it was sent', examples: [1] }),
    next_attempt_at: nullable(instant('When it is sent next'), {
      description: 'When it is sent next; null when no attempt follows',
      examples: ['2026-01-31T12:00:05.000Z', null],
    }),
    last_status: nullable(Type.Integer(), {
      description: 'The HTTP status of the last reply; null: there was none',
      examples: [200, null],
    }),
    last_error: nullable(Type.String(), {
      description: 'What was wrong with the last attempt; null: nothing',
      examples: ['the connection was refused', null],
    }),
    created_at: instant('When the event happened'),
    ended_at: nullable(instant('When it was delivered or given up'), {
      description: 'When it was delivered or given up; null while pending',
      examples: ['2026-01-31T12:00:05.000Z', null],
    }),
  },
  { title: 'WebhookDelivery', description: 'An event on its way to one address' },
);

export const webhookAttemptSchema = openObject(
  {
    number: Type.Integer({ minimum: 1, description: 'Of the attempt', examples: [1] }),
    at: instant('When it was sent'),
    status: webhookDeliverySchema.properties.last_status,
    error: webhookDeliverySchema.properties.last_error,
    seconds: nullable(seconds({ description: 'How long it took', examples: [0.21] }), {
      description: 'How long it took; null while it is under way, or when its server died',
      examples: [0.21, null],
    }),
    response: nullable(Type.String(), {
      description: 'The beginning of the reply, at most 1,024 bytes',
      examples: ['ok', null],
    }),
  },
  { title: 'WebhookAttempt', description: 'One attempt to deliver an event' },
);

export const webhookDeliveryDetailSchema = openObject(
  {
    ...webhookDeliverySchema.properties,
    payload: Type.String({
      description: 'The body as it is sent, byte for byte',
      examples: ['{"type":"job.succeeded","timestamp":"2026-01-31T12:00:00.000Z","data":{}}'],
    }),
    attempt_log: Type.Array(webhookAttemptSchema, { description: 'Oldest first' }),
  },
  { title: 'WebhookDeliveryDetail', description: 'A delivery with its body and its attempts' },
);

const listFields = {
  cursor: Type.Optional(cursorParam),
  limit: Type.Optional(limitParam),
  endpoint_id: Type.Optional(uuid('To this endpoint only')),
  job_id: Type.Optional(uuid('Of this job only')),
  status: Type.Optional(choice(webhookStates, { description: 'In this state only', examples: ['failed'] })),
};

export const webhookDeliveryQuerySchema = closedObject(listFields, {
  title: 'WebhookDeliveryQuery',
  description: 'Which deliveries, newest first',
});

const ofAccount = { account_id: Type.Optional(uuid('Of this account only')) };

export const adminWebhookDeliveryQuerySchema = closedObject(
  { ...listFields, ...ofAccount },
  { title: 'AdminWebhookDeliveryQuery', description: 'Which deliveries of all accounts, newest first' },
);

export const adminWebhookEndpointQuerySchema = closedObject(ofAccount, {
  title: 'AdminWebhookEndpointQuery',
  description: 'Which endpoints of all accounts',
});

export const webhookDeliveryPageSchema = openObject(
  { deliveries: Type.Array(webhookDeliverySchema, { description: 'Newest first' }), next_cursor: nextCursor },
  { title: 'WebhookDeliveryPage', description: 'A page of deliveries' },
);

/** The body of a webhook, by Standard Webhooks. */
export const webhookPayloadSchema = openObject(
  {
    type: choice(sentEvents, { description: 'What happened', examples: ['job.succeeded'] }),
    timestamp: instant('When it happened'),
    data: openObject(
      { job: Type.Optional(jobSchema) },
      {
        title: 'WebhookData',
        description: 'The job, without its prompts unless the endpoint wants them; nothing in a test',
      },
    ),
  },
  { title: 'WebhookPayload', description: 'The body of a webhook' },
);

export type WebhookEndpoint = Static<typeof webhookEndpointSchema>;
export type WebhookEndpointWithSecret = Static<typeof webhookEndpointWithSecretSchema>;
export type WebhookSecret = Static<typeof webhookSecretSchema>;
export type WebhookEndpointList = Static<typeof webhookEndpointListSchema>;
export type WebhookEndpointCreate = Static<typeof webhookEndpointCreateSchema>;
export type AdminWebhookEndpointCreate = Static<typeof adminWebhookEndpointCreateSchema>;
export type WebhookEndpointPatch = Static<typeof webhookEndpointPatchSchema>;
export type WebhookDelivery = Static<typeof webhookDeliverySchema>;
export type WebhookAttempt = Static<typeof webhookAttemptSchema>;
export type WebhookDeliveryDetail = Static<typeof webhookDeliveryDetailSchema>;
export type WebhookDeliveryQuery = Static<typeof webhookDeliveryQuerySchema>;
export type AdminWebhookDeliveryQuery = Static<typeof adminWebhookDeliveryQuerySchema>;
export type AdminWebhookEndpointQuery = Static<typeof adminWebhookEndpointQuerySchema>;
export type WebhookDeliveryPage = Static<typeof webhookDeliveryPageSchema>;
export type WebhookPayload = Static<typeof webhookPayloadSchema>;
