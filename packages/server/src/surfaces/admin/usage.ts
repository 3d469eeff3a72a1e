import {
  microToDecimal,
  parseUsageDimensions,
  paths,
  type UsageDimension,
  type UsageReport,
  type UsageReportRow,
  usageReportQuerySchema,
  usageReportSchema,
} from '@easel/contract';
import { Type } from 'typebox';
import type { UsageReportRecord } from '../../credits/usage.ts';
import { callerHeaders, errorReplies, jsonReply, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { totalOf, usageDays } from '../api/money.ts';

const csvText = Type.String({ description: 'RFC 4180: a header, then the rows; amounts in credits' });
const json = jsonReply('The usage, as JSON or CSV', usageReportSchema, callerHeaders);

const reportSchema = {
  operationId: 'usageReport',
  tags: ['admin'],
  summary: 'Get the usage of all accounts and its cost, by account, key, day and model, as JSON or CSV',
  security: needsKey,
  querystring: usageReportQuerySchema,
  response: {
    200: { ...json, content: { ...json.content, 'text/csv': { schema: csvText } } },
    ...errorReplies(problems, ...keyErrors, 'invalid_request', 'not_found'),
  },
} as const;

/** GET /api/admin/usage */
export function usageReportRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.admin.usageReport,
    { schema: reportSchema, onRequest: gate.key('admin') },
    async ({ query }, reply): Promise<UsageReport | string> => {
      const { account_id: accountId = null, format = 'json' } = query;
      const by = parseUsageDimensions(query.by ?? 'account') ?? [];
      const { from, to, start, end } = usageDays(query, new Date());
      if (accountId !== null) await services.accounts.get(accountId);
      const records = await services.credits.usageReport({ accountId, by, from: start, to: end });
      if (format === 'json') return { from, to, by, rows: records.map(rowOf), total: totalOf(records) };
      reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="easel-usage-${from}-${to}.csv"`);
      return csvOf(by, records);
    },
  );
}

function rowOf(record: UsageReportRecord): UsageReportRow {
  const { accountId, accountName, keyId, keyName, day, model } = record;
  return { account_id: accountId, account: accountName, key_id: keyId, key: keyName, day, model, ...totalOf([record]) };
}

type Column = readonly [name: string, value: (record: UsageReportRecord) => string | number | null];

const columnsOf: Readonly<Record<UsageDimension, readonly Column[]>> = {
  account: [
    ['account_id', ({ accountId }) => accountId],
    ['account', ({ accountName }) => accountName],
  ],
  key: [
    ['key_id', ({ keyId }) => keyId],
    ['key', ({ keyName }) => keyName],
  ],
  day: [['day', ({ day }) => day]],
  model: [['model', ({ model }) => model]],
};

/** Amounts as decimals, not as the doubles of JSON, so that their sum is exact. */
const sumColumns: readonly Column[] = [
  ['jobs', ({ jobs }) => jobs],
  ['images', ({ samples }) => samples],
  ['cost', ({ spent }) => microToDecimal(spent)],
  ['refunded', ({ refunded }) => microToDecimal(refunded)],
];

function csvOf(by: readonly UsageDimension[], records: readonly UsageReportRecord[]): string {
  const columns = [...by.flatMap((dimension) => columnsOf[dimension]), ...sumColumns];
  const rows = records.map((record) => columns.map(([, value]) => fieldOf(value(record))));
  return [columns.map(([name]) => name), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/**
 * RFC 4180 §2. A name that begins like a formula gets an apostrophe before it, because spreadsheets would run it
 * (OWASP, CSV Injection); numbers are ours.
 */
function fieldOf(value: string | number | null): string {
  const text = String(value ?? '');
  const safe = /^[=+@\t\r]|^-(?![\d.]+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
