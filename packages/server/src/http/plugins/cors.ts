import { exposedHeaders } from '@easel/contract';
import cors from '@fastify/cors';
import type { HttpApp } from '../http-app.ts';

/** Seconds that browsers may remember a preflight; most of them use at most this. */
const PREFLIGHT_SECONDS = 7200;

/** Pages of these origins may call. Keys come in headers and never in cookies, so credentials stay off. */
export async function allowOrigins(app: HttpApp, origins: readonly string[]): Promise<void> {
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    // Absent: `allowedHeaders`. The headers that a page wants to send are echoed.
    exposedHeaders: [...exposedHeaders],
    maxAge: PREFLIGHT_SECONDS,
    strictPreflight: false,
  });
}
