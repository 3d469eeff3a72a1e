import {
  accountParamsSchema,
  type Credits,
  creditsSchema,
  type DraftOffer,
  defaults,
  type LedgerEntry,
  type LedgerPage,
  type LedgerQuery,
  ledgerPageSchema,
  ledgerQuerySchema,
  microToNumber,
  type PriceQuote,
  type Profile,
  parseSize,
  paths,
  priceOf,
  priceQuerySchema,
  priceQuoteSchema,
  profileNames,
  type UsageQuery,
  type UsageReply,
  type UsageRow,
  usageQuerySchema,
  usageReplySchema,
} from '@easel/contract';
import type { LedgerRecord } from '../../credits/ledger.ts';
import type { UsageRecord, UsageSums } from '../../credits/usage.ts';
import { askedBy, modelOf, requireAllowed, sizeOf } from '../../http/asked-request.ts';
import { cursorOf, pageOf, placeOf } from '../../http/paging.ts';
import { callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import type { HttpServices } from '../../http/services.ts';
import { callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { type DraftRefusal, refusalOfDraft } from '../../jobs/drafts.ts';
import { amountOfWork, estimateMs, type ModelSpeed, measuredSpeed } from '../../jobs/speed.ts';
import type { ModelCard } from '../../models/model-card.ts';

const priceSchema = {
  operationId: 'price',
  tags: ['money'],
  summary: 'Get the price of a job',
  security: needsKey,
  querystring: priceQuerySchema,
  response: {
    200: jsonReply('The price', priceQuoteSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request', 'not_found'),
  },
} as const;

/** GET /api/price */
export function priceRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(paths.api.price, { schema: priceSchema, onRequest: gate.ownKey }, async ({ query }): Promise<PriceQuote> => {
    const card = await services.currentModels.of(modelOf(services, query.model));
    const asked = askedBy(query, 'price');
    const picture = query.image_size === undefined ? undefined : parseSize(query.image_size);
    const { width, height } = sizeOf(asked, card, picture);
    requireAllowed(asked, card);
    const { samples = defaults.samples, steps = card.defaults.steps, profile = card.defaults.profile } = asked.values;
    const { upscale = null } = asked.values;
    const work = { model: card.slug, samples, steps, width, height, upscale };
    const price = priceOf({ ...work, profile }, services.tariff);
    const speeds = await services.speeds(card.slug);
    return {
      price: microToNumber(price),
      model: card.slug,
      samples,
      num_inference_steps: steps,
      img_width: width,
      img_height: height,
      upscale,
      profile,
      profiles: profilesOf(card).map((each) => ({
        profile: each,
        price: microToNumber(priceOf({ ...work, profile: each }, services.tariff)),
        seconds: secondsOf(work, measuredSpeed(speeds, each)),
      })),
      draft: offerOf(refusalOfDraft(services.drafts, { ...work, profile }, speeds)),
    };
  });
}

function offerOf(refusal: DraftRefusal | null): DraftOffer {
  return { offered: refusal === null, reason: refusal && `${refusal.reason}; ${refusal.remedy}` };
}

/** Those that a request may name with the model, as it runs now. */
function profilesOf({ allowed }: ModelCard): readonly Profile[] {
  const { choices } = allowed.profile ?? {};
  return profileNames.filter((name) => choices?.includes(name) ?? true);
}

function secondsOf(work: Parameters<typeof amountOfWork>[0], speed: ModelSpeed | null): number | null {
  return speed === null ? null : Math.round(estimateMs(amountOfWork(work), speed)) / 1000;
}

const creditsRouteSchema = {
  operationId: 'credits',
  tags: ['money'],
  summary: 'Get the balance of the account and the budget of this key',
  security: needsKey,
  response: {
    200: jsonReply('The credits', creditsSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors),
  },
} as const;

/** GET /api/credits */
export function creditsRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.api.credits,
    { schema: creditsRouteSchema, onRequest: gate.ownKey },
    async (request): Promise<Credits> => {
      const { accountId, keyId, monthlyBudget } = callerOf(request);
      const { available, held } = await services.credits.balance(accountId);
      return {
        balance: microToNumber(available + held),
        held: microToNumber(held),
        remaining: microToNumber(available),
        monthly_budget: monthlyBudget === null ? null : microToNumber(monthlyBudget),
        spent_this_month: microToNumber(await services.credits.usedThisMonth(keyId)),
      };
    },
  );
}

const usageSchema = {
  operationId: 'usage',
  tags: ['money'],
  summary: 'Get usage and its cost, by day, key or model',
  security: needsKey,
  querystring: usageQuerySchema,
  response: {
    200: jsonReply('The usage', usageReplySchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request'),
  },
} as const;

/** GET /api/usage */
export function usageRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(paths.api.usage, { schema: usageSchema, onRequest: gate.key('read') }, (request) =>
    usageOf(services, callerOf(request).accountId, request.query),
  );
}

const accountUsageSchema = {
  ...usageSchema,
  operationId: 'usageOfAccount',
  tags: ['admin'],
  summary: 'Get the usage of an account and its cost, by day, key or model',
  params: accountParamsSchema,
  response: { ...usageSchema.response, ...errorReplies(problems, ...keyErrors, 'invalid_request', 'not_found') },
} as const;

/** GET /api/admin/accounts/:id/usage */
export function accountUsageRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.admin.accountUsage,
    { schema: accountUsageSchema, onRequest: gate.key('admin') },
    async ({ params, query }) => {
      const { id } = await services.accounts.get(params.id);
      return usageOf(services, id, query);
    },
  );
}

async function usageOf(
  { credits }: Pick<HttpServices, 'credits'>,
  accountId: string,
  query: UsageQuery,
): Promise<UsageReply> {
  const { group = 'day' } = query;
  const { from, to, start, end } = usageDays(query, new Date());
  const records = await credits.usage({ accountId, from: start, to: end, group });
  return { from, to, group, rows: records.map(rowOf), total: totalOf(records) };
}

function rowOf(record: UsageRecord): UsageRow {
  return { group: record.group, name: record.name, ...totalOf([record]) };
}

/** Sums are computed before the conversion to numbers, so they are exact. */
export function totalOf(records: readonly UsageSums[]): UsageReply['total'] {
  return {
    jobs: records.reduce((sum, { jobs }) => sum + jobs, 0),
    images: records.reduce((sum, { samples }) => sum + samples, 0),
    cost: microToNumber(records.reduce((sum, { spent }) => sum + spent, 0n)),
    refunded: microToNumber(records.reduce((sum, { refunded }) => sum + refunded, 0n)),
  };
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** The number of days by default. */
const USUAL_DAYS = 30;

export interface UsageDays {
  /** Days of UTC, `YYYY-MM-DD`, both included. */
  readonly from: string;
  readonly to: string;
  /** The same as instants; the end is not included. */
  readonly start: Date;
  readonly end: Date;
}

/** The days of a query, by default the 30 that end today. */
export function usageDays({ from, to }: Pick<UsageQuery, 'from' | 'to'>, now: Date): UsageDays {
  const last = to ?? dayOf(now);
  const first = from ?? dayOf(new Date(startOf(last).getTime() - (USUAL_DAYS - 1) * DAY_MS));
  return { from: first, to: last, start: startOf(first), end: new Date(startOf(last).getTime() + DAY_MS) };
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

function startOf(day: string): Date {
  return new Date(`${day}T00:00:00.000Z`);
}

const ledgerSchema = {
  operationId: 'ledger',
  tags: ['money'],
  summary: "List the account's ledger entries, newest first",
  security: needsKey,
  querystring: ledgerQuerySchema,
  response: {
    200: jsonReply('A page of the ledger', ledgerPageSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request'),
  },
} as const;

/** GET /api/ledger */
export function ledgerRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(paths.api.ledger, { schema: ledgerSchema, onRequest: gate.key('read') }, (request) =>
    pageOfAccount(services, callerOf(request).accountId, request.query),
  );
}

const accountLedgerSchema = {
  ...ledgerSchema,
  operationId: 'ledgerOfAccount',
  tags: ['admin'],
  summary: "List an account's ledger entries, newest first",
  params: accountParamsSchema,
  response: { ...ledgerSchema.response, ...errorReplies(problems, ...keyErrors, 'invalid_request', 'not_found') },
} as const;

/** GET /api/admin/accounts/:id/ledger */
export function accountLedgerRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.admin.accountLedger,
    { schema: accountLedgerSchema, onRequest: gate.key('admin') },
    async ({ params, query }) => {
      const { id } = await services.accounts.get(params.id);
      return pageOfAccount(services, id, query);
    },
  );
}

async function pageOfAccount(
  { credits }: Pick<HttpServices, 'credits'>,
  accountId: string,
  { cursor, limit = defaults.pageLength }: LedgerQuery,
): Promise<LedgerPage> {
  const place = placeOf(cursor, (text) => /^\d{1,18}$/.test(text));
  const before = place === null ? null : BigInt(place);
  const records = await credits.ledger({ accountId, before, limit: limit + 1 });
  const { items, next } = pageOf(records, limit);
  return { entries: items.map(entryOf), next_cursor: cursorOf(next?.id ?? null) };
}

function entryOf({ id, createdAt, kind, amount, charged, remaining, jobId, note }: LedgerRecord): LedgerEntry {
  return {
    id: String(id),
    created_at: createdAt.toISOString(),
    kind,
    amount: microToNumber(amount),
    amount_charged: microToNumber(charged),
    remaining: microToNumber(remaining),
    job_id: jobId,
    note,
  };
}
