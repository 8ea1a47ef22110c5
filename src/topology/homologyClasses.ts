/**
 * Vectors over the field of two elements, of generators that die one after another. A relation among generators kills its
 * youngest one by rewriting it as the sum of the others; vectors are rewritten when they are next looked at.
 * Invariant: a vector is a strictly ascending list of generators; a rule's list holds only generators older than the one it
 * rewrites. Generators are numbered by birth, so the youngest is the last.
 */
import { barsByDirection, type Bars } from "./bars.ts";

/** Lists of integers in one growing array: most are short, and there are very many. */
class Pool {
  values = new Int32Array(1 << 16);
  #used = 0;

  /** Room for `length` numbers; its offset. */
  take(length: number): number {
    const offset = this.#used;
    this.#used += length;
    if (this.#used > this.values.length) {
      const larger = new Int32Array(2 * this.values.length + length);
      larger.set(this.values);
      this.values = larger;
    }
    return offset;
  }
}

/** An array of one number each for classes, or for generators. */
function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const larger = new Int32Array(2 * length);
  larger.set(array);
  return larger;
}

/** Lists of numbers by number: the vectors of classes, and the rules of dead generators. */
class Lists {
  offsets = new Int32Array(1024);
  lengths = new Int32Array(1024);
  /** The count of deaths when a list was last rewritten: it is up to date as long as nobody has died since. */
  versions = new Int32Array(1024);

  reserve(count: number): void {
    this.offsets = grown(this.offsets, count);
    this.lengths = grown(this.lengths, count);
    this.versions = grown(this.versions, count);
  }
}

/** The class that is zero. */
export const zeroClass = -1;

export class HomologyClasses {
  readonly #barBirths: number[] = [];
  readonly #barDeaths: number[] = [];
  readonly #barDirections: number[] = [];
  #alive = 0;
  readonly #pool = new Pool();
  readonly #classes = new Lists();
  readonly #rules = new Lists();
  #classCount = 0;
  #generatorCount = 0;
  #deaths = 0;
  #births = new Float64Array(1024);
  #directions = new Uint8Array(1024);
  #dead = new Uint8Array(1024);
  /** The vector being worked on, and room for the next one. */
  #work = new Int32Array(1024);
  #workLength = 0;
  #spare = new Int32Array(1024);
  #kept = new Int32Array(1024);

  /** Generators that have not died. */
  get alive(): number {
    return this.#alive;
  }

  /** Bars of positive length so far, by direction. */
  bars(): readonly [Bars, Bars] {
    return barsByDirection(this.#barBirths, this.#barDeaths, this.#barDirections, this.#barBirths.length);
  }

  /** A new generator, born at `time`; its class. */
  bear(time: number, direction: 0 | 1): number {
    const generator = this.#generatorCount++;
    this.#reserveGenerators(this.#generatorCount);
    this.#births[generator] = time;
    this.#directions[generator] = direction;
    this.#alive++;
    this.#work[0] = generator;
    this.#workLength = 1;
    return this.#classOfWork();
  }

  /** The class that is the sum of two. */
  sum(a: number, b: number): number {
    this.#addUp(a, b, zeroClass);
    return this.#classOfWork();
  }

  /**
   * From `time` on, the sum of these classes is zero. Kills the youngest generator in it, unless
   * the sum is zero already.
   */
  relate(time: number, a: number, b: number, c: number): void {
    // Equal classes cancel without being looked at.
    if (a === b) this.#vanish(time, c, zeroClass, zeroClass);
    else if (a === c) this.#vanish(time, b, zeroClass, zeroClass);
    else if (b === c) this.#vanish(time, a, zeroClass, zeroClass);
    else this.#vanish(time, a, b, c);
  }

  #vanish(time: number, a: number, b: number, c: number): void {
    this.#addUp(a, b, c);
    if (this.#workLength === 0) return;
    const youngest = this.#work[--this.#workLength]!;
    this.#deaths++;
    this.#alive--;
    this.#dead[youngest] = 1;
    this.#store(this.#rules, youngest, this.#pool.take(this.#workLength));
    const birth = this.#births[youngest]!;
    if (time > birth) {
      this.#barBirths.push(birth);
      this.#barDeaths.push(time);
      this.#barDirections.push(this.#directions[youngest]!);
    }
  }

  /** The sum of up to three classes becomes the vector worked on. */
  #addUp(a: number, b: number, c: number): void {
    // Rewriting needs the room that the sum is made in: first the one, then the other.
    if (a !== zeroClass) this.#update(a);
    if (b !== zeroClass) this.#update(b);
    if (c !== zeroClass) this.#update(c);
    const { offsets, lengths } = this.#classes;
    this.#workLength = 0;
    if (a !== zeroClass) this.#addList(offsets[a]!, lengths[a]!);
    if (b !== zeroClass) this.#addList(offsets[b]!, lengths[b]!);
    if (c !== zeroClass) this.#addList(offsets[c]!, lengths[c]!);
  }

  /** Symmetric difference of the vector worked on with a list of the pool. */
  #addList(offset: number, length: number): void {
    const own = this.#workLength;
    this.#reserveWork(own + length);
    const { values } = this.#pool;
    const [work, out] = [this.#work, this.#spare];
    let i = 0;
    let j = 0;
    let k = 0;
    while (i < own && j < length) {
      const a = work[i]!;
      const b = values[offset + j]!;
      if (a <= b) i++;
      if (b <= a) j++;
      if (a !== b) out[k++] = a < b ? a : b;
    }
    while (i < own) out[k++] = work[i++]!;
    while (j < length) out[k++] = values[offset + j++]!;
    this.#workLength = k;
    [this.#work, this.#spare] = [out, work];
  }

  /** Rewrites a class's vector without dead generators, if it must. */
  #update(one: number): void {
    const { offsets, lengths, versions } = this.#classes;
    if (versions[one] === this.#deaths) return;
    versions[one] = this.#deaths;
    const length = lengths[one]!;
    const offset = offsets[one]!;
    if (!this.#hasDead(offset, length)) return;
    // Very many classes are one generator: its rule is then rewritten once for all of them.
    if (length === 1) this.#copyRule(one, this.#pool.values[offset]!);
    else {
      this.#reserveWork(length);
      for (let k = 0; k < length; k++) this.#work[k] = this.#pool.values[offset + k]!;
      this.#workLength = length;
      this.#rewriteWork();
      this.#store(this.#classes, one, this.#placeFor(offset, length));
    }
  }

  /** The class of one dead generator takes the list of its rule, rewritten as far as needed. */
  #copyRule(one: number, generator: number): void {
    const { offsets, lengths, versions } = this.#rules;
    const length = lengths[generator]!;
    const offset = offsets[generator]!;
    this.#reserveWork(length);
    for (let k = 0; k < length; k++) this.#work[k] = this.#pool.values[offset + k]!;
    this.#workLength = length;
    if (versions[generator] !== this.#deaths) {
      if (this.#hasDead(offset, length)) {
        this.#rewriteWork();
        this.#store(this.#rules, generator, this.#placeFor(offset, length));
      }
      versions[generator] = this.#deaths;
    }
    this.#store(this.#classes, one, this.#pool.take(this.#workLength));
  }

  /** Where the vector worked on is stored in place of a list: there, if it fits. */
  #placeFor(offset: number, length: number): number {
    return this.#workLength <= length ? offset : this.#pool.take(this.#workLength);
  }

  /** Applies rules to the vector worked on, youngest generator first, until all in it are alive. */
  #rewriteWork(): void {
    let kept = 0;
    while (this.#workLength > 0) {
      const youngest = this.#work[--this.#workLength]!;
      if (this.#dead[youngest] === 1) {
        this.#addList(this.#rules.offsets[youngest]!, this.#rules.lengths[youngest]!);
      } else {
        this.#kept = grown(this.#kept, kept + 1);
        this.#kept[kept++] = youngest;
      }
    }
    this.#reserveWork(kept);
    for (let k = 0; k < kept; k++) this.#work[k] = this.#kept[kept - 1 - k]!;
    this.#workLength = kept;
  }

  #hasDead(offset: number, length: number): boolean {
    for (let k = 0; k < length; k++) if (this.#dead[this.#pool.values[offset + k]!] === 1) return true;
    return false;
  }

  #classOfWork(): number {
    const one = this.#classCount++;
    this.#classes.reserve(this.#classCount);
    this.#store(this.#classes, one, this.#pool.take(this.#workLength));
    return one;
  }

  /** Stores the vector worked on as a list of today. */
  #store(lists: Lists, index: number, offset: number): void {
    const { values } = this.#pool;
    for (let k = 0; k < this.#workLength; k++) values[offset + k] = this.#work[k]!;
    lists.offsets[index] = offset;
    lists.lengths[index] = this.#workLength;
    lists.versions[index] = this.#deaths;
  }

  #reserveWork(length: number): void {
    if (length <= this.#work.length) return;
    this.#work = grown(this.#work, length);
    this.#spare = grown(this.#spare, length);
  }

  #reserveGenerators(count: number): void {
    this.#rules.reserve(count);
    if (count <= this.#dead.length) return;
    const births = new Float64Array(2 * count);
    births.set(this.#births);
    this.#births = births;
    const dead = new Uint8Array(2 * count);
    dead.set(this.#dead);
    this.#dead = dead;
    const directions = new Uint8Array(2 * count);
    directions.set(this.#directions);
    this.#directions = directions;
  }
}
