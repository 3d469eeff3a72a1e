import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('jobs, waits, runs, steps, credits and readings appear in the text that Prometheus reads', async () => {
  const metrics = createMetrics({
    queueDepth: async () => new Map([['playground-v2.5', 3]]),
    engineMemory: async () => new Map([['playground-v2.5', 1e8]]),
    engines: async () => [{ model: 'playground-v2.5', device: 'webgpu', arithmetic: 'float32', count: 2 }],
    isStorageAvailable: () => false,
  });
  const model = 'playground-v2.5';
  metrics.jobEnded({
    model,
    state: 'succeeded',
    errorCode: null,
    waited: 0.2,
    ran: 2,
    device: 'webgpu',
    credits: 0.0037,
  });
  metrics.jobEnded({
    model,
    state: 'failed',
    errorCode: 'server_error',
    waited: null,
    ran: null,
    device: null,
    credits: 0,
  });
  metrics.stepsDone(model, 25, 'webgpu');
  metrics.requestEnded({ method: 'GET', route: '/api/jobs/:id', status: 200, seconds: 0.003 });
  const text = await metrics.text();
  expect(text).toContain(`easel_jobs_total{model="${model}",state="failed",code="server_error"} 1`);
  expect(text).toContain(`easel_job_wait_seconds_count{model="${model}"} 1`);
  expect(text).toContain(`easel_steps_total{model="${model}",device="webgpu"} 25`);
  expect(text).toContain(`easel_credits_charged_total{model="${model}"} 0.0037`);
  expect(text).toContain(`easel_queue_depth{model="${model}"} 3`);
  expect(text).toContain(`easel_engine_memory_bytes{model="${model}"} 100000000`);
  expect(text).toContain(`easel_job_run_seconds_count{model="${model}",device="webgpu"} 1`);
  expect(text).toContain(`easel_engines{model="${model}",device="webgpu",arithmetic="float32"} 2`);
  expect(text).toContain('easel_storage_available 0');
  expect(text).toContain('easel_http_request_seconds_count{method="GET",route="/api/jobs/:id",status="200"} 1');
});

test('the process is told of under the names of ready-made dashboards, and only counters are called totals', async () => {
  const text = await createMetrics({
    queueDepth: async () => new Map(),
    engineMemory: async () => new Map(),
    engines: async () => [],
    isStorageAvailable: () => true,
  }).text();
  expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
  expect(text).not.toMatch(/^easel_(process|nodejs)_/m);
  const totals = [...text.matchAll(/^# TYPE (?<name>\S+_total) (?<type>\S+)$/gm)].map(({ groups }) => groups?.type);
  expect(totals.length).toBeGreaterThan(3);
  expect(new Set(totals)).toEqual(new Set(['counter']));
});
