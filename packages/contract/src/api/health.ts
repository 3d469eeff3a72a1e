import { type Static, Type } from 'typebox';
import { choice, openObject } from '../schema/define.ts';

export const healthSchema = openObject(
  { status: choice(['ok'], { description: 'Always ok: the process answers', examples: ['ok'] }) },
  { title: 'Health', description: 'The reply of GET /healthz' },
);

export const readyCheckSchema = openObject(
  {
    name: Type.String({ description: 'What was looked at', examples: ['database'] }),
    ok: Type.Boolean({ description: 'Whether it works', examples: [true] }),
    message: Type.Optional(
      Type.String({ description: 'What is wrong with it', examples: ['the database does not answer'] }),
    ),
  },
  { title: 'ReadyCheck', description: 'One thing the server needs' },
);

export const readySchema = openObject(
  {
    status: choice(['ready', 'not_ready'], { description: 'not_ready comes with 503', examples: ['ready'] }),
    checks: Type.Array(readyCheckSchema, { description: 'What the server needs' }),
  },
  { title: 'Ready', description: 'The reply of GET /readyz' },
);

export type Health = Static<typeof healthSchema>;
export type ReadyCheck = Static<typeof readyCheckSchema>;
export type Ready = Static<typeof readySchema>;
