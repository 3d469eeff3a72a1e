import { type Static, Type } from 'typebox';
import { credits } from '../schema/common-fields.ts';
import { openObject, seconds } from '../schema/define.ts';

const inferenceTime = seconds({ description: 'Seconds of work on the pictures', examples: [3.21] });
const queueTime = seconds({ description: 'Seconds of waiting before the work', examples: [0.05] });
const totalTime = seconds({ description: 'Seconds from the request to its end', examples: [3.3] });

const partialMetrics = {
  inference_time: Type.Optional(inferenceTime),
  queue_time: Type.Optional(queueTime),
  total_time: Type.Optional(totalTime),
};

export const segmindRunningMetricsSchema = openObject(partialMetrics, {
  title: 'SegmindRunningMetrics',
  description: 'What is known of the times so far',
});

export const segmindFailedMetricsSchema = openObject(
  { inference_time: inferenceTime, queue_time: queueTime, total_time: totalTime },
  { title: 'SegmindFailedMetrics', description: 'The times of a run that failed' },
);

export const segmindMetricsSchema = openObject(
  {
    cost: credits({ description: 'What was charged', examples: [0.0037] }),
    remaining_credits: credits({ description: 'What the account can still spend', examples: [12.4963] }),
    inference_time: inferenceTime,
    queue_time: queueTime,
    total_time: totalTime,
  },
  { title: 'SegmindMetrics', description: 'The price and the times of a run that is done' },
);

export type SegmindRunningMetrics = Static<typeof segmindRunningMetricsSchema>;
export type SegmindFailedMetrics = Static<typeof segmindFailedMetricsSchema>;
export type SegmindMetrics = Static<typeof segmindMetricsSchema>;
