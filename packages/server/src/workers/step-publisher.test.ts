import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../jobs/job-events.ts';
import { StepPublisher } from './step-publisher.ts';

const step = (index: number) => ({ index, total: 50, sigma: 1, etaMs: 1000 });

function recorder() {
  const events: JobEvent[] = [];
  const publish = async (_jobId: string, event: JobEvent) => {
    events.push(event);
  };
  const indices = () => events.map((event) => (event.kind === 'step' ? event.index : 0));
  return { events, publish, indices };
}

describe('the steps of a fast run', () => {
  it('are thinned out, and the first and the last are published', async () => {
    const { publish, indices } = recorder();
    const publisher = new StepPublisher({ publish }, 'job', () => {});
    for (let index = 1; index <= 50; index++) publisher.offer(step(index));
    await publisher.finish();
    expect(indices()).toEqual([1, 50]);
  });

  it('are published as long as they come', async () => {
    const { publish, indices } = recorder();
    const publisher = new StepPublisher({ publish }, 'job', () => {});
    publisher.offer(step(1));
    await expect.poll(indices).toEqual([1]);
    publisher.offer(step(2));
    await expect.poll(indices).toEqual([1, 2]);
    await publisher.finish();
  });

  it('are forgotten when the run comes to nothing', async () => {
    const { publish, indices } = recorder();
    const publisher = new StepPublisher({ publish }, 'job', () => {});
    publisher.offer(step(1));
    publisher.offer(step(2));
    await publisher.drop();
    expect(indices()).toEqual([1]);
  });
});

describe('finished pictures', () => {
  it('are all published, in order, before the steps of the next one', async () => {
    const { events, publish } = recorder();
    const publisher = new StepPublisher({ publish }, 'job', () => {});
    publisher.offer(step(1));
    for (const sample of [0, 1, 2]) {
      publisher.offerSample({ sample, preview: () => Promise.resolve(new Uint8Array([sample])) });
      publisher.offer(step(sample + 2));
    }
    await publisher.finish();
    expect(events.map((event) => (event.kind === 'sample' ? `picture ${event.sample}` : event.kind))).toEqual([
      'step',
      'picture 0',
      'picture 1',
      'picture 2',
      'step',
    ]);
  });
});

describe('a step that cannot be published', () => {
  it('is reported and does not stop those after it', async () => {
    const errors: unknown[] = [];
    const { publish, indices } = recorder();
    let isFirst = true;
    const flaky = (jobId: string, event: JobEvent) => {
      if (!isFirst) return publish(jobId, event);
      isFirst = false;
      return Promise.reject(new Error('the database is away'));
    };
    const publisher = new StepPublisher({ publish: flaky }, 'job', (error) => errors.push(error));
    publisher.offer(step(1));
    publisher.offer(step(2));
    await publisher.finish();
    expect(errors).toHaveLength(1);
    expect(indices()).toEqual([2]);
  });
});
