/**
 * The Sobol sequence in the order of Antonov and Saleev (1979), and its scrambles.
 * Source: I. M. Sobol, 1967; direction numbers of Joe and Kuo (directionNumbers.ts); scrambling: A. B. Owen, "Randomly
 * permuted (t,m,s)-nets and (t,s)-sequences", 1995.
 * Invariant: point i depends on nothing but i and the scramble, so points may be asked for in any order and in any process.
 */
import type { Rng } from "../../core/rng.ts";
import { packedDirections, tableDimensions } from "./directionNumbers.ts";

export const maxSobolDimensions = tableDimensions;

/** Bits of a coordinate, and so the binary logarithm of the longest sequence. */
const bits = 32;

export type Scramble = "owen" | "shift" | "none";

export interface SobolSequence {
  /** Point `index` (from 0, below 2^32) in [0, 1)^dimensions. O(dimensions * 32). */
  point(index: number): Float64Array;
}

/** The table as numbers, unpacked at the first use. */
let table: readonly number[] | undefined;

function unpack(): readonly number[] {
  const numbers: number[] = [];
  let number = 0;
  let scale = 1;
  for (const character of atob(packedDirections)) {
    const byte = character.charCodeAt(0);
    number += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      numbers.push(number);
      number = 0;
      scale = 1;
    }
  }
  return numbers;
}

/** Direction numbers of the first `dimensions` dimensions: `bits` each, as 32-bit fractions. */
function directions(dimensions: number): Uint32Array {
  table ??= unpack();
  const all = new Uint32Array(dimensions * bits);
  // The first dimension is the van der Corput sequence and needs no polynomial.
  for (let k = 0; k < bits; k++) all[k] = 2 ** (bits - 1 - k);
  let at = 0;
  for (let dimension = 1; dimension < dimensions; dimension++) {
    const polynomial = table[at++]!;
    const degree = 31 - Math.clz32(polynomial);
    const own = all.subarray(dimension * bits, (dimension + 1) * bits);
    for (let k = 0; k < degree; k++) own[k] = table[at++]! * 2 ** (bits - 1 - k);
    for (let k = degree; k < bits; k++) {
      let value = own[k - degree]! ^ (own[k - degree]! >>> degree);
      for (let j = 1; j < degree; j++) if ((polynomial >>> (degree - j)) & 1) value ^= own[k - j]!;
      own[k] = value >>> 0;
    }
  }
  return all;
}

/** A well-mixed 32-bit hash of two numbers (the finaliser of MurmurHash3 after a multiplicative step). */
function hash(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul(h, 0x27d4eb2f);
  return (h ^ (h >>> 15)) >>> 0;
}

/**
 * Owen's nested uniform scramble of one coordinate: each bit is flipped or not by a coin that belongs to the bits above it,
 * so points that share a box of any size are sent to a common box of that size.
 */
function owen(value: number, seed: number): number {
  let out = 0;
  for (let bit = bits - 1; bit >= 0; bit--) {
    // The bits above, with a 1 in front so that 0, 00 and 000 are different prefixes.
    const prefix = bit === bits - 1 ? 1 : ((value >>> (bit + 1)) | (1 << (bits - 1 - bit))) >>> 0;
    const flip = hash(seed, prefix) >>> 31;
    out |= (((value >>> bit) & 1) ^ flip) << bit;
  }
  return out >>> 0;
}

/**
 * A Sobol sequence.
 * @param dimensions 1 to `maxSobolDimensions`
 * @param rng gives the scramble its seeds; not used with "none"
 * @throws RangeError for more dimensions than the table has
 */
export function sobolSequence(dimensions: number, scramble: Scramble, rng: Rng): SobolSequence {
  if (!(dimensions >= 1 && dimensions <= maxSobolDimensions))
    throw new RangeError(`a Sobol sequence has 1 to ${maxSobolDimensions} dimensions, not ${dimensions}`);
  const vectors = directions(dimensions);
  const seeds = Uint32Array.from({ length: dimensions }, () => (scramble === "none" ? 0 : rng.int(2 ** bits)));
  return {
    point(index) {
      const gray = (index ^ (index >>> 1)) >>> 0;
      const point = new Float64Array(dimensions);
      for (let dimension = 0; dimension < dimensions; dimension++) {
        let value = 0;
        for (let k = 0, rest = gray; rest !== 0; k++, rest >>>= 1)
          if (rest & 1) value ^= vectors[dimension * bits + k]!;
        value >>>= 0;
        if (scramble === "owen") value = owen(value, seeds[dimension]!);
        else if (scramble === "shift") value = (value ^ seeds[dimension]!) >>> 0;
        point[dimension] = value / 2 ** bits;
      }
      return point;
    },
  };
}
