import { headers, microToDecimal, type OutputMetadata } from '@easel/contract';
import type { FastifyReply } from 'fastify';
import type { JobRecord } from '../../jobs/jobs-port.ts';
import type { ModelCard } from '../../models/model-card.ts';

/** What a synchronous reply tells of its pictures besides the pictures. */
export function addGenerationHeaders(
  reply: FastifyReply,
  { request, price, runMs }: JobRecord,
  { name }: ModelCard,
): void {
  const metadata: OutputMetadata = {
    width: request.width,
    height: request.height,
    seed: request.seed,
    steps: request.steps,
    guidance_scale: request.guidanceScale,
    scheduler: request.scheduler,
    model: name,
  };
  reply
    .header(headers.cost, microToDecimal(price))
    .header(headers.generationTime, String((runMs ?? 0) / 1000))
    .header(headers.seedValue, String(request.seed))
    .header(headers.outputMetadata, JSON.stringify(metadata));
}
