/**
 * Counter-based random streams: a stream is a pure function of (study seed, trial number, purpose), so neither the order
 * in which trials run nor the process they run in can change a draw.
 * Generator: xoshiro128** (Blackman & Vigna 2018), seeded by hashing the key with the finaliser of MurmurHash3.
 */

export interface Rng {
  /** Uniform on [0, 1) with 53 bits. */
  next(): number;
  /** Uniform integer in [0, n), without modulo bias; n >= 1. */
  int(n: number): number;
  /** Standard normal (Box-Muller, both values used). */
  normal(): number;
  /** A new array with the items in random order (Fisher-Yates). O(n). */
  shuffle<T>(items: readonly T[]): T[];
  /** One item; throws RangeError when there is none. */
  choice<T>(items: readonly T[]): T;
  /** An independent stream derived from this stream's key, not from its position. */
  fork(purpose: string): Rng;
  /** This stream from its beginning. */
  restart(): Rng;
}

function mix(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hashKey(key: string, salt: number): number {
  let h = salt >>> 0;
  for (let i = 0; i < key.length; i++) {
    h = Math.imul(h ^ key.charCodeAt(i), 0x01000193);
    h = (h << 13) | (h >>> 19);
  }
  return mix(h ^ key.length);
}

/** A stream for any text key. Equal keys give equal streams in every process. */
export function rngForKey(key: string): Rng {
  let a = hashKey(key, 0x9e3779b9);
  let b = hashKey(key, 0x243f6a88);
  let c = hashKey(key, 0xb7e15162);
  let d = hashKey(key, 0x5bf03635) | 1; // the all-zero state is the one the generator cannot leave
  let spare: number | undefined;

  const next32 = (): number => {
    const r = Math.imul(b, 5);
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  for (let i = 0; i < 8; i++) next32();

  const rng: Rng = {
    next: () => ((next32() >>> 5) * 0x4000000 + (next32() >>> 6)) / 0x20000000000000,
    int: (n) => {
      if (!(n >= 1) || !Number.isSafeInteger(n)) throw new RangeError(`int(n) needs a positive integer, not ${n}`);
      if (n > 0x100000000) return Math.floor(rng.next() * n);
      const limit = 0x100000000 - (0x100000000 % n);
      for (;;) {
        const x = next32();
        if (x < limit) return x % n;
      }
    },
    normal: () => {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
      const angle = 2 * Math.PI * rng.next();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    shuffle: (items) => {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = rng.int(i + 1);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out;
    },
    choice: (items) => {
      if (items.length === 0) throw new RangeError("choice() of an empty list");
      return items[rng.int(items.length)]!;
    },
    fork: (purpose) => rngForKey(`${key}/${purpose}`),
    restart: () => rngForKey(key),
  };
  return rng;
}

/** The stream of a study for one trial and one purpose ("suggest", "train", ...). */
export function rngFor(seed: number, trialNumber: number, purpose: string): Rng {
  return rngForKey(`${seed}:${trialNumber}:${purpose}`);
}
