/** Money is counted in whole micro-credits; only the outside sees decimals. */
export const MICRO_PER_CREDIT = 1_000_000n;
const DECIMAL_PLACES = 6;

/**
 * An amount of micro-credits in credits, exactly, without trailing zeros.
 *
 * @example
 * microToDecimal(3_700n); // '0.0037'
 */
export function microToDecimal(micro: bigint): string {
  const sign = micro < 0n ? '-' : '';
  const size = micro < 0n ? -micro : micro;
  const whole = size / MICRO_PER_CREDIT;
  const fraction = (size % MICRO_PER_CREDIT).toString().padStart(DECIMAL_PLACES, '0').replace(/0+$/, '');
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/** The same as a number for JSON: the double nearest to the decimal, which prints as that decimal below 10^9 credits. */
export function microToNumber(micro: bigint): number {
  return Number(microToDecimal(micro));
}

/**
 * The micro-credits of an amount in credits.
 *
 * @throws RangeError for what is not a decimal, or has a part below a micro-credit: money is never rounded in passing
 * @example
 * decimalToMicro('12.5'); // 12_500_000n
 */
export function decimalToMicro(value: string | number): bigint {
  const { digits, places } = parseDecimal(value);
  if (places <= DECIMAL_PLACES) return digits * 10n ** BigInt(DECIMAL_PLACES - places);
  const below = 10n ** BigInt(places - DECIMAL_PLACES);
  if (digits % below === 0n) return digits / below;
  throw new RangeError(
    `${value} has more than ${DECIMAL_PLACES} decimal places; the smallest amount is 0.000001 credits`,
  );
}

/** Whether an amount in credits is a whole number of micro-credits. */
export function isWholeMicro(credits: number): boolean {
  try {
    decimalToMicro(credits);
    return true;
  } catch {
    return false;
  }
}

/** An exact decimal number: `digits` × 10^−`places`, `places` never negative. */
export interface Decimal {
  readonly digits: bigint;
  readonly places: number;
}

/** Forty digits and two of the exponent are more than any amount needs and little work to read. */
const spelling = /^(?<sign>[+-]?)(?<whole>\d{1,40})(?:\.(?<fraction>\d{1,40}))?(?:e(?<exponent>[+-]?\d{1,2}))?$/i;

/**
 * Reads a decimal as JSON, TypeScript and people write it. A number is read as its shortest spelling, so 0.1 is one tenth.
 *
 * @throws RangeError for anything else, such as NaN or an empty text
 */
export function parseDecimal(value: string | number): Decimal {
  const parts = spelling.exec(String(value))?.groups;
  if (!parts)
    throw new RangeError(`${JSON.stringify(String(value).slice(0, 60))} is not a decimal number such as 12.5`);
  const { sign = '', whole = '', fraction = '', exponent = '0' } = parts;
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  const places = fraction.length - Number(exponent);
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 };
}
