/**
 * Points by number, for looking up whether a configuration has been seen.
 * Invariant: equal points have equal keys, in every process on machines of one byte order.
 */

/**
 * A number that two points share only if they are equal, but for a chance of 2^-53: cheaper than text where thousands of
 * configurations are told apart. O(dimension).
 */
export function pointKey(point: Float64Array): number {
  const words = new Uint32Array(point.buffer, point.byteOffset, 2 * point.length);
  let [a, b] = [0x9e3779b9, 0x243f6a88];
  for (const word of words) {
    a = Math.imul(a ^ word, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ word, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  return (a & 0x1fffff) * 0x100000000 + (b >>> 0);
}
