/** x², correctly rounded. `x ** 2` is not the same everywhere: engines may compute it by a power function, and one engine in two ways. */
export function square(x: number): number {
  return x * x;
}

// Constants of fdlibm's e_exp.c.
const logTwoHigh = 6.931_471_803_691_238_164_9e-1;
const logTwoLow = 1.908_214_929_270_587_700_02e-10;
const logTwo = 0.693_147_180_559_945_3;
const coefficients = [
  1.666_666_666_666_660_190_37e-1, -2.777_777_777_701_559_338_42e-3, 6.613_756_321_437_934_361_17e-5, -1.653_390_220_546_525_153_9e-6,
  4.138_136_797_057_238_460_39e-8,
] as const;

/** 2ᵏ · x without leaving the range of doubles on the way. */
function scaled(x: number, k: number): number {
  const half = Math.trunc(k / 2);
  return x * powerOfTwo(half) * powerOfTwo(k - half);
}

/** 2ᵏ for −1022 ≤ k ≤ 1023, by repeated squaring of powers that are exact. */
function powerOfTwo(k: number): number {
  let result = 1;
  let factor = k < 0 ? 0.5 : 2;
  for (let left = Math.abs(k); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}

/**
 * eˣ by operations that IEEE 754 rounds correctly, so that every engine and version gives the same bits; within one unit in the last place.
 * ECMAScript leaves `Math.exp` to the engine. The algorithm is fdlibm's e_exp.c (Sun Microsystems, 1993).
 */
export function exactExp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782_712_893_384) return Number.POSITIVE_INFINITY;
  if (x < -745.133_219_101_941_1) return 0;
  const k = Math.abs(x) > 0.5 * logTwo ? Math.trunc(x / logTwo + (x < 0 ? -0.5 : 0.5)) : 0;
  const high = x - k * logTwoHigh;
  const low = k * logTwoLow;
  const r = high - low;
  const t = r * r;
  const [p1, p2, p3, p4, p5] = coefficients;
  const c = r - t * (p1 + t * (p2 + t * (p3 + t * (p4 + t * p5))));
  const y = k === 0 ? 1 - ((r * c) / (c - 2) - r) : 1 - (low - (r * c) / (2 - c) - high);
  return k === 0 ? y : scaled(y, k);
}
