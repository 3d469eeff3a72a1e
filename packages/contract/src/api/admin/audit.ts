import { type Static, Type } from 'typebox';
import { cursorParam, instant, limitParam, nextCursor, uuid } from '../../schema/common-fields.ts';
import { closedObject, nullable, openObject } from '../../schema/define.ts';

export const auditQuerySchema = closedObject(
  {
    cursor: Type.Optional(cursorParam),
    limit: Type.Optional(limitParam),
    account_id: Type.Optional(uuid('About this account only')),
  },
  { title: 'AuditQuery', description: 'Which page' },
);

export const auditEntrySchema = openObject(
  {
    id: Type.String({ description: "The entry's id", examples: ['17'] }),
    created_at: instant('When the request came'),
    request_id: uuid('The request, as in the logs'),
    key_id: uuid('The key of the administrator'),
    key_name: Type.String({ description: 'Its name now', examples: ['admin'] }),
    client: Type.String({ description: 'The address that the request came from', examples: ['192.0.2.7'] }),
    action: Type.String({ description: 'The `operationId` of the route', examples: ['closeAccount', 'refundJob'] }),
    account_id: nullable(uuid('The account'), {
      description: 'The account that it is about; null: none, or it is not known',
      examples: ['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e', null],
    }),
    subject: nullable(Type.String(), {
      description: 'The id of the account, key, job or download; null: none',
      examples: ['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e', null],
    }),
    details: Type.Record(Type.String(), Type.Unknown(), {
      description: 'The body and the query of the request',
      examples: [{ amount: -5, reason: 'typed twice' }],
    }),
    status: nullable(Type.Integer(), {
      description: 'The HTTP status of the reply; null: not answered yet, or the server ended in between',
      examples: [201, null],
    }),
  },
  { title: 'AuditEntry', description: 'What an administrator did, or tried to do' },
);

export const auditPageSchema = openObject(
  { entries: Type.Array(auditEntrySchema, { description: 'Newest first' }), next_cursor: nextCursor },
  { title: 'AuditPage', description: 'A page of the audit log' },
);

export type AuditQuery = Static<typeof auditQuerySchema>;
export type AuditEntry = Static<typeof auditEntrySchema>;
export type AuditPage = Static<typeof auditPageSchema>;
