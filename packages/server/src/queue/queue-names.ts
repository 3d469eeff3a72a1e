const PREFIX = 'paint/';

/** Each model has a queue of its own, so that a worker takes only jobs that it has the model for. */
export function queueOf(model: string): string {
  return `${PREFIX}${model}`;
}

/** Where the queue puts jobs whose attempts are used up. */
export const GIVEN_UP_QUEUE = 'given-up';
