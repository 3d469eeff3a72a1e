/**
 * Logarithm, sine and cosine in float32, equal bit for bit to the vectorised ones PyTorch uses for random normals on x86: the
 * polynomials of Cephes (Moshier 1992; `logf.c`, `sinf.c`) evaluated with fused multiply-add. A double-precision `Math.log` is
 * more accurate, and would therefore give noise whose last bits differ from the reference's.
 */

const { fround, trunc } = Math;

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** a·b + c rounded once: the product of two float32 values is exact in double. */
function multiplyAdd(a: number, b: number, c: number): number {
  return fround(a * b + c);
}

const logCoefficients = Float32Array.of(
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
);
const logFirst = fround(7.0376836292e-2);
const halfRoot = fround(0.70710677);
// ln 2 in two parts, so that exponent · ln 2 loses nothing
const LN2_HIGH = 0.693359375;
const LN2_LOW = fround(-2.1219444e-4);

/** ln x of a positive normal float32, as float32. */
export function logFloat32(x: number): number {
  floatView[0] = x;
  let exponent = (bitsView[0] >>> 23) - 126;
  bitsView[0] = (bitsView[0] & 0x007fffff) | 0x3f000000;
  let m = floatView[0]; // the mantissa, 0.5 … 1
  if (m < halfRoot) {
    exponent -= 1;
    m = fround(fround(m - 1) + m);
  } else {
    m = fround(m - 1);
  }
  const square = fround(m * m);
  let y = logFirst;
  for (const coefficient of logCoefficients) y = multiplyAdd(y, m, coefficient);
  y = fround(y * m);
  y = multiplyAdd(y, square, fround(exponent * LN2_LOW));
  y = multiplyAdd(square, -0.5, y);
  return multiplyAdd(exponent, LN2_HIGH, fround(m + y));
}

const fourOverPi = fround(1.27323954473516);
// π/4 in three parts (Cody and Waite), subtracted from the angle one after the other
const QUARTER_PI_1 = 0.78515625;
const QUARTER_PI_2 = 2.4187564849853516e-4;
const QUARTER_PI_3 = fround(3.774894977445941e-8);
const cosine4 = fround(2.443315711809948e-5);
const cosine3 = fround(-1.388731625493765e-3);
const cosine2 = fround(4.166664568298827e-2);
const sine3 = fround(-1.9515295891e-4);
const sine2 = fround(8.3321608736e-3);
const sine1 = fround(-1.6666654611e-1);

export interface SineAndCosine {
  sine: number;
  cosine: number;
}

/** Sine and cosine of an angle ≥ 0 in radians, as float32. */
export function sineAndCosineFloat32(angle: number): SineAndCosine {
  const octant = (trunc(fround(angle * fourOverPi)) + 1) & ~1;
  let x = multiplyAdd(octant, -QUARTER_PI_1, angle);
  x = multiplyAdd(octant, -QUARTER_PI_2, x);
  x = multiplyAdd(octant, -QUARTER_PI_3, x); // −π/4 … π/4
  const square = fround(x * x);

  const evenTerms = multiplyAdd(multiplyAdd(cosine4, square, cosine3), square, cosine2);
  const even = fround(multiplyAdd(fround(evenTerms * square), square, -fround(square * 0.5)) + 1);
  const oddTerms = multiplyAdd(multiplyAdd(sine3, square, sine2), square, sine1);
  const odd = multiplyAdd(fround(oddTerms * square), x, x);

  const exchanged = (octant & 2) !== 0;
  const sine = exchanged ? even : odd;
  const cosine = exchanged ? odd : even;
  return {
    sine: (octant & 4) === 0 ? sine : -sine,
    cosine: ((octant - 2) & 4) === 0 ? -cosine : cosine,
  };
}
