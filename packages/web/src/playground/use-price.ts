import type { PriceQuery, PriceQuote } from '@easel/contract';
import { useEffect, useState } from 'react';
import { useDebouncedReply } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';

/** Until the model has been measured. */
const ASK_AGAIN_MS = 5000;

/** What a request costs, how long it takes and whether it can be drafted; undefined until it is known. @param query undefined: nothing is asked */
export function useQuote(query: PriceQuery | undefined): PriceQuote | undefined {
  const { client } = useSession();
  const [attempt, setAttempt] = useState(0);
  const quote = useDebouncedReply(
    query === undefined ? '' : JSON.stringify(query),
    async (signal) => (query === undefined ? undefined : client.account.price(query, { signal })),
    attempt,
  );
  const isMeasured = quote?.profiles.some(({ seconds }) => seconds !== null) ?? true;
  useEffect(() => {
    if (isMeasured) return;
    const timer = setInterval(() => setAttempt((before) => before + 1), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isMeasured]);
  return quote;
}

type Priced = Pick<Settings, 'model' | 'samples' | 'steps' | 'width' | 'height' | 'profile'>;

/** The question for the price of one prompt with these settings. */
export function priceQueryOf({ model, samples, steps, width, height, profile }: Priced): PriceQuery {
  return { model, samples, num_inference_steps: steps, img_width: width, img_height: height, profile };
}
