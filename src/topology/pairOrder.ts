/**
 * All pairs of points by their distance.
 * Invariant: ascending; pairs of equal distance in the order of their places, so the order is a function of the distances.
 */
import { pairCount } from "./condensed.ts";

export interface PairOrder {
  /** Pairs `i << 16 | j`, i > j. */
  readonly pairs: Uint32Array;
  /** Their distances. */
  readonly sorted: Float64Array;
}

const digitBits = 11;
const digits = 1 << digitBits;
/** Longer runs of equal keys are left to the library's sort: inserting one by one would take quadratic time. */
const longRun = 24;

/**
 * Radix sort on the distances' float32 bits, whose order is the order of non-negative floats; runs of equal keys are then put
 * in order by the doubles themselves. O(n^2).
 */
export function pairOrder(distances: Float64Array, count: number): PairOrder {
  const total = pairCount(count);
  let keys = new Uint32Array(Float32Array.from(distances).buffer);
  let pairs = new Uint32Array(total);
  for (let i = 1, at = 0; i < count; i++) for (let j = 0; j < i; j++) pairs[at++] = (i << 16) | j;
  let otherKeys = new Uint32Array(total);
  let otherPairs = new Uint32Array(total);
  for (let shift = 0; shift < 32; shift += digitBits) {
    scatter(keys, pairs, otherKeys, otherPairs, shift);
    [keys, otherKeys] = [otherKeys, keys];
    [pairs, otherPairs] = [otherPairs, pairs];
  }
  const sorted = new Float64Array(total);
  for (let at = 0; at < total; at++) {
    const i = pairs[at]! >>> 16;
    sorted[at] = distances[((i * (i - 1)) >> 1) + (pairs[at]! & 0xffff)]!;
  }
  for (let from = 0; from < total;) {
    let to = from + 1;
    while (to < total && keys[to] === keys[from]) to++;
    if (to - from > 1) finishRun(sorted, pairs, from, to);
    from = to;
  }
  return { pairs, sorted };
}

/** One stable pass over the digit of the keys at `shift`. */
function scatter(
  keys: Uint32Array,
  pairs: Uint32Array,
  outKeys: Uint32Array,
  outPairs: Uint32Array,
  shift: number,
): void {
  const starts = new Uint32Array(digits);
  for (const key of keys) starts[(key >>> shift) & (digits - 1)]!++;
  for (let digit = 0, sum = 0; digit < digits; digit++) {
    const here = starts[digit]!;
    starts[digit] = sum;
    sum += here;
  }
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!;
    const to = starts[(key >>> shift) & (digits - 1)]!++;
    outKeys[to] = key;
    outPairs[to] = pairs[at]!;
  }
}

/** Puts [from, to) in order of the doubles; stable. */
function finishRun(sorted: Float64Array, pairs: Uint32Array, from: number, to: number): void {
  if (to - from > longRun) {
    const values = sorted.slice(from, to);
    const own = pairs.slice(from, to);
    const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
    order.forEach((index, k) => {
      sorted[from + k] = values[index]!;
      pairs[from + k] = own[index]!;
    });
    return;
  }
  for (let at = from + 1; at < to; at++) {
    const value = sorted[at]!;
    const pair = pairs[at]!;
    let place = at;
    for (; place > from && sorted[place - 1]! > value; place--) {
      sorted[place] = sorted[place - 1]!;
      pairs[place] = pairs[place - 1]!;
    }
    sorted[place] = value;
    pairs[place] = pair;
  }
}
