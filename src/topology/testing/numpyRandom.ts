/**
 * NumPy's legacy random numbers (`numpy.random.seed` and its neighbours), for tests against numbers that were published with a
 * seed. Invariant: the same numbers as NumPy's, draw by draw.
 * Generator: MT19937 (M. Matsumoto, T. Nishimura 1998), seeded by `init_genrand`.
 */

const size = 624;
const shift = 397;

export class NumpyRandom {
  readonly #state = new Uint32Array(size);
  #used = size;

  constructor(seed: number) {
    this.#state[0] = seed;
    for (let k = 1; k < size; k++) {
      const last = this.#state[k - 1]!;
      this.#state[k] = Math.imul(1812433253, last ^ (last >>> 30)) + k;
    }
  }

  /** Uniform on [0, 1): `numpy.random.rand()`. */
  next(): number {
    const high = this.#bits() >>> 5;
    const low = this.#bits() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /** `numpy.random.shuffle(list)`, in place. */
  shuffle(list: Int32Array): void {
    for (let k = list.length - 1; k > 0; k--) {
      const other = this.#upTo(k);
      const value = list[k]!;
      list[k] = list[other]!;
      list[other] = value;
    }
  }

  /** A whole number from 0 to `most`, both included: draws the bits that are needed until they make one. */
  #upTo(most: number): number {
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    for (;;) {
      const value = (this.#bits() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  #bits(): number {
    if (this.#used === size) this.#renew();
    let y = this.#state[this.#used++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #renew(): void {
    const state = this.#state;
    for (let k = 0; k < size; k++) {
      const y = (state[k]! & 0x80000000) | (state[(k + 1) % size]! & 0x7fffffff);
      state[k] = state[(k + shift) % size]! ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908b0df);
    }
    this.#used = 0;
  }
}
