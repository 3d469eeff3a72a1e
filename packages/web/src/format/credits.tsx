import { credits, exactCredits } from './text.ts';

/**
 * Credits for people: three significant digits are enough to compare prices. The exact amount is shown on hover and focus, where it differs.
 * Inside buttons and labels use `credits` instead: it must not be a second tab stop there.
 */
export function Credits({ amount }: { readonly amount: number }) {
  const [short, exact] = [credits(amount), exactCredits(amount)];
  if (short === exact) return short;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without a mouse, the exact amount is shown on focus
    <span className="rounded" tabIndex={0} data-exact={exact}>
      {short}
    </span>
  );
}
