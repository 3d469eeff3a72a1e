import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import {
  segmindCreditsSchema,
  segmindFailedSchema,
  segmindResultSchema,
  segmindStatusSchema,
  segmindSubmittedSchema,
} from './replies.ts';

const id = '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e';
const status_url = `http://localhost:8080/v2/requests/${id}/status`;
const response_url = `http://localhost:8080/v2/requests/${id}`;
const times = { inference_time: 3.2, queue_time: 0.1, total_time: 3.3 };

test('a submitted request names where to ask, in absolute addresses', () => {
  const submitted = {
    request_id: id,
    status: 'QUEUED',
    poll_url: `http://localhost:8080/v1/requests/${id}`,
    status_url,
    response_url,
  };
  expect(Check(segmindSubmittedSchema, submitted)).toBe(true);
  expect(Check(segmindSubmittedSchema, { ...submitted, status_url: `/v2/requests/${id}/status` })).toBe(false);
  expect(Check(segmindSubmittedSchema, { ...submitted, status: 'COMPLETED' })).toBe(false);
});

test('a status may know no times yet, and is never FAILED', () => {
  const status = { status: 'PROCESSING', request_id: id, status_url, response_url, metrics: {} };
  expect(Check(segmindStatusSchema, status)).toBe(true);
  expect(Check(segmindStatusSchema, { ...status, status: 'FAILED' })).toBe(false);
});

test('a failure says why and has its times', () => {
  const failed = { status: 'FAILED', error: 'cancelled', request_id: id, metrics: times };
  expect(Check(segmindFailedSchema, failed)).toBe(true);
  expect(Check(segmindFailedSchema, { ...failed, metrics: {} })).toBe(false);
});

test('a result has the seed as text and its cost', () => {
  const url = 'http://localhost:8080/api/images/3f0b6f1c2d4e5a60718293a4b5c6d7e8.jpg';
  const result = {
    status: 'COMPLETED',
    images: [{ url, content_type: 'image/jpeg', file_name: '3f0b.jpg', file_size: 10 }],
    output: url,
    image: url,
    seed: '42',
    prompt: 'a',
    metrics: { cost: 0.0037, remaining_credits: 12.5, ...times },
  };
  expect(Check(segmindResultSchema, result)).toBe(true);
  expect(Check(segmindResultSchema, { ...result, seed: 42 })).toBe(false);
});

test('credits have a hyphen in their name', () => {
  expect(Check(segmindCreditsSchema, { credits: 12.5, 'free-credits': 0.5 })).toBe(true);
  expect(Check(segmindCreditsSchema, { credits: 12.5, free_credits: 0.5 })).toBe(false);
});
