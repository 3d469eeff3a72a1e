import { useDebouncedReply } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';

type Priced = Pick<Settings, 'model' | 'samples' | 'steps' | 'width' | 'height' | 'profile'>;

/** What a run with these settings costs, in credits; undefined until it is known. */
export function usePrice({ model, samples, steps, width, height, profile }: Priced): number | undefined {
  const { client } = useSession();
  return useDebouncedReply([model, samples, steps, width, height, profile].join(), (signal) =>
    client.account.price(
      { model, samples, num_inference_steps: steps, img_width: width, img_height: height, profile },
      { signal },
    ),
  )?.price;
}
