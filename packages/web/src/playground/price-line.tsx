import { balance, credits } from '../format/amounts.ts';
import { useSession } from '../session/session.tsx';
import type { Settings } from './settings.ts';
import { useAnswer } from './use-answer.ts';

/** What pressing the button costs, and what will be left. */
export function PriceLine({ settings }: { readonly settings: Settings }) {
  const { client, remaining } = useSession();
  const { model, samples, steps, width, height } = settings;
  const quote = useAnswer([model, samples, steps, width, height].join(), (signal) =>
    client.account.price(
      { model, samples, num_inference_steps: steps, img_width: width, img_height: height },
      { signal },
    ),
  );
  if (quote === undefined) return <small className="quiet">&nbsp;</small>;
  if (remaining !== undefined && remaining < quote.price) {
    return (
      <small className="wrong">
        {credits(quote.price)} credits, and there are {balance(remaining)}
      </small>
    );
  }
  return <small className="quiet">{credits(quote.price)} credits</small>;
}
