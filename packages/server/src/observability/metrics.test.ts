import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('jobs, waits, runs, steps, credits and readings appear in the text that Prometheus reads', async () => {
  const metrics = createMetrics({
    queueDepth: async () => new Map([['playground-v2.5', 3]]),
    engineMemory: async () => new Map([['playground-v2.5', 1e8]]),
    engines: async () => [{ model: 'playground-v2.5', device: 'webgpu', arithmetic: 'float32', count: 2 }],
    speeds: async () => [{ model: 'playground-v2.5', device: 'webgpu', profile: 'exact', seconds: 0.5 }],
    workers: async () => new Map([['lost', 1]]),
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

const quiet = {
  queueDepth: async () => new Map(),
  engineMemory: async () => new Map(),
  engines: async () => [],
  speeds: async () => [],
  workers: async () => new Map(),
  isStorageAvailable: () => true,
};

test('accounts are told of as they are at each scrape, and not at all without a reading of them', async () => {
  let now = [{ account: 'A "b"', queued: 3, running: 1, spent: 0.5, balance: -2 }];
  const metrics = createMetrics({ ...quiet, accounts: async () => now });
  const first = await metrics.text();
  expect(first).toContain('easel_account_jobs{account="A \\"b\\"",state="queued"} 3');
  expect(first).toContain('easel_account_spent_credits{account="A \\"b\\""} 0.5');
  expect(first).toContain('easel_account_balance_credits{account="A \\"b\\""} -2');
  now = [{ account: 'other', queued: 0, running: 0, spent: 7, balance: 0 }];
  const second = await metrics.text();
  expect(second).toContain('easel_account_spent_credits{account="other"} 7');
  expect(second).not.toContain('A \\"b');
  expect(await createMetrics(quiet).text()).not.toContain('easel_account');
});

test.skipIf(spawnSync('promtool', ['--version']).status !== 0)(
  'promtool, where it is installed, has nothing to say about the metrics',
  async () => {
    const accounts = async () => [{ account: 'a', queued: 0, running: 0, spent: 0, balance: 0 }];
    const metrics = createMetrics({ ...quiet, accounts });
    metrics.requestEnded({ method: 'GET', route: '/healthz', status: 200, seconds: 0.1 });
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: await metrics.text() });
    expect([status, String(stdout), String(stderr)]).toEqual([0, '', '']);
  },
);

test('the process is told of under the names of ready-made dashboards, and only counters are called totals', async () => {
  const text = await createMetrics(quiet).text();
  expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
  expect(text).not.toMatch(/^easel_(process|nodejs)_/m);
  const totals = [...text.matchAll(/^# TYPE (?<name>\S+_total) (?<type>\S+)$/gm)].map(({ groups }) => groups?.type);
  expect(totals.length).toBeGreaterThan(3);
  expect(new Set(totals)).toEqual(new Set(['counter']));
});
