/**
 * A random order of the numbers 0 .. size-1 that is computed place by place and stored nowhere.
 * Source: a balanced Feistel network with cycle walking (J. Black and P. Rogaway, "Ciphers with arbitrary finite domains",
 * CT-RSA 2002). Invariant: a bijection for every size up to 2^52.
 */
import type { Rng } from "../../core/rng.ts";

const rounds = 6;

/** Largest size that is permuted. */
export const largestPermutation = 2 ** 52;

function roundValue(half: number, key: number): number {
  let h = Math.imul(half ^ key, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul(h + key, 0x27d4eb2f);
  return (h ^ (h >>> 15)) >>> 0;
}

/**
 * @param size 1 to `largestPermutation`
 * @returns the number at each place; O(1) expected, at most four walks on average
 * @throws RangeError for another size
 */
export function randomOrder(size: number, rng: Rng): (place: number) => number {
  if (!(Number.isSafeInteger(size) && size >= 1 && size <= largestPermutation))
    throw new RangeError(`an order needs 1 to 2^52 numbers, not ${size}`);
  // Two halves of equal width whose square is the least that holds the size.
  let width = 1;
  while (width * width < size) width *= 2;
  const keys = Array.from({ length: rounds }, () => rng.int(2 ** 32));
  const once = (number: number): number => {
    let left = Math.floor(number / width);
    let right = number % width;
    for (const key of keys) [left, right] = [right, (left ^ (roundValue(right, key) % width)) % width];
    return left * width + right;
  };
  return (place) => {
    let number = once(place);
    while (number >= size) number = once(number);
    return number;
  };
}
