/**
 * R-Cross-Barcodes of two embeddings of the same samples, in both directions at once: the walk in plain TypeScript, which
 * assembly/walk.ts repeats in raw memory.
 *
 * The mathematics. Let a and b be the distances of the two clouds, m = min(a, b) pair by pair. At scale t the clouds draw two
 * graphs' clique complexes R(a) and R(b), both inside R(m). Where a path of short distances in one cloud has no counterpart
 * in the other, R(m) and R(a) differ in shape; the barcode of the relative homology H1(R(m), R(a)) over all t lists these
 * differences with the scales at which they appear and are filled in (S. Barannikov et al. 2022). RTD is the sum of the bars'
 * lengths.
 *
 * The presentation. Relative to R(a), every edge of R(m) is a cycle. So at scale t, H1 is spanned by the edges with m <= t,
 * modulo the edges with a <= t, and modulo ij + jk + ki for each triangle with all of m <= t. The walk goes through the edges
 * in the order of m and keeps track of every edge's class:
 *
 *   - An edge ij with a <= b is zero when it comes. Any other one is zero later, at scale a.
 *   - The lune of ij are the points k already joined to both ends. Each makes a triangle, so class(ij) = class(ik) + class(kj).
 *     If the lune is empty the edge has a class of its own: a bar begins.
 *   - Triangles whose tips are joined to each other give the same relation, since the tetrahedron's other faces are there
 *     already. So one tip of each connected component of the lune is enough; this is known for the homology of R itself
 *     (K. Koyama, F. Memoli, V. Robins, K. Turner 2023). The first defines the edge's class, every other one is a relation
 *     among older classes, and a relation ends the youngest bar in it.
 *   - Nearly all classes are zero. Only the edges that are not known to be, the open ones, are kept track of; a triangle with
 *     two zero sides closes the third, and components with a tip joined to both ends by zero edges give nothing new.
 *
 * The other direction has the same m, the same lunes and the same order, so one walk serves both. An edge is zero from the
 * start in at least one direction, so it has at most one class of interest.
 *
 * The walk ends early: when no bar lives and every pair of points is joined or has a lune, no further bar can begin.
 *
 * Invariant: exact (no tolerance anywhere), also for ties, duplicates and distances that are no metric's. The bars of length
 * zero are left out.
 */
import type { Bars } from "./bars.ts";
import { pairCount, pairIndex } from "./condensed.ts";
import { HomologyClasses, zeroClass } from "./homologyClasses.ts";
import type { Preparation } from "./preparation.ts";

/** A walk through both clouds' pairs, a piece at a time. */
export interface Walk {
  /** Goes on for so many events; true when all bars are known. */
  advance(events: number): boolean;
  /** Share of the events that are done, from 0 to 1. */
  progress(): number;
  /** Bars of H1(R(min), R(a)), and of H1(R(min), R(b)), as far as they are known. */
  bars(): readonly [Bars, Bars];
}

/** The direction in which an edge is zero from the start, or both. */
type ZeroIn = 0 | 1 | "both";
type Direction = 0 | 1;

/** The lowest bit of a word. */
const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);

/** About n^2.5 operations as observed; n^2 / 8 bytes for each of three matrices of bits, and 8 bytes a pair. */
export class TypeScriptWalk implements Walk {
  readonly #a: Preparation;
  readonly #b: Preparation;
  readonly #count: number;
  #atA = 0;
  #atB = 0;
  /** Every pair before this one is joined or has a lune: so it will stay. */
  #fullTo: [number, number] = [1, 0];
  /** 32-bit words in a row of bits. */
  readonly #words: number;
  /** Matrices of bits, row after row: all edges inserted so far, and the open ones of each direction. */
  readonly #joined: Int32Array;
  readonly #open: readonly [Int32Array, Int32Array];
  /** Open edges at each point, by direction; and all of them. */
  readonly #degrees: readonly [Int32Array, Int32Array];
  readonly #openEdges: [number, number] = [0, 0];
  /** Class of each edge that is open. */
  readonly #classOf: Int32Array;
  readonly #classes = new HomologyClasses();
  /** Points joined to both ends of the edge being inserted. */
  readonly #lune: Int32Array;
  /** Points of the lune that are reached but whose neighbours are not yet looked at, and points that are not reached. */
  readonly #frontier: Int32Array;
  readonly #unreached: Int32Array;
  readonly #stack: Int32Array;

  /** @param a and `b` have the same number of points */
  constructor(a: Preparation, b: Preparation) {
    this.#a = a;
    this.#b = b;
    this.#count = a.count;
    this.#words = (a.count + 31) >> 5;
    const matrix = (): Int32Array => new Int32Array(this.#count * this.#words);
    this.#joined = matrix();
    this.#open = [matrix(), matrix()];
    this.#degrees = [new Int32Array(a.count), new Int32Array(a.count)];
    this.#classOf = new Int32Array(pairCount(a.count));
    this.#lune = new Int32Array(this.#words);
    this.#frontier = new Int32Array(this.#words);
    this.#unreached = new Int32Array(this.#words);
    this.#stack = new Int32Array(pairCount(a.count) + 1);
  }

  progress(): number {
    return (this.#atA + this.#atB) / (2 * this.#a.pairs.length);
  }

  bars(): readonly [Bars, Bars] {
    return this.#classes.bars();
  }

  /** Merges the two sorted lists. */
  advance(events: number): boolean {
    const [a, b] = [this.#a, this.#b];
    const total = a.pairs.length;
    for (let k = 0; k < events; k++) {
      if (this.#atA >= total && this.#atB >= total) return true;
      if (this.#atB >= total || (this.#atA < total && a.sorted[this.#atA]! <= b.sorted[this.#atB]!)) {
        this.#meet(0, a.pairs[this.#atA]!, a.sorted[this.#atA]!);
        this.#atA++;
      } else {
        this.#meet(1, b.pairs[this.#atB]!, b.sorted[this.#atB]!);
        this.#atB++;
      }
      if (this.#classes.alive === 0 && this.#everyLuneIsFull()) return true;
    }
    return false;
  }

  /** A pair's distance in one cloud has been reached: the edge is inserted at its shorter distance, and zero at its longer. */
  #meet(direction: Direction, pair: number, time: number): void {
    const [i, j] = [pair >>> 16, pair & 0xffff];
    const edge = ((i * (i - 1)) >> 1) + j;
    const first = this.#a.distances[edge]!;
    const second = this.#b.distances[edge]!;
    if (first === second) {
      if (direction === 0) this.#insert(i, j, time, "both");
    } else if (first < second === (direction === 0)) {
      this.#insert(i, j, time, direction);
    } else if (this.#openEdges[direction] > 0) {
      this.#becomeZero(direction, i, j, time);
    }
  }

  #insert(i: number, j: number, time: number, zeroIn: ZeroIn): void {
    if (!this.#hasOpen(0, i, j) && !this.#hasOpen(1, i, j)) this.#insertAmongZeros(i, j, time, zeroIn);
    else this.#insertAmongOpen(i, j, time, zeroIn);
  }

  /** All edges at both ends are zero in both directions: so is this one, unless it has no lune. */
  #insertAmongZeros(i: number, j: number, time: number, zeroIn: ZeroIn): void {
    const isZero = zeroIn === "both" || this.#haveCommon(i, j);
    this.#flip(this.#joined, i, j);
    if (isZero) return;
    const direction = zeroIn === 0 ? 1 : 0;
    this.#keepOpen(direction, i, j, this.#classes.bear(time, direction));
  }

  #insertAmongOpen(i: number, j: number, time: number, zeroIn: ZeroIn): void {
    const hasLune = this.#findLune(i, j);
    const first = this.#classOfNew(0, i, j, time, zeroIn, hasLune);
    const second = this.#classOfNew(1, i, j, time, zeroIn, hasLune);
    this.#flip(this.#joined, i, j);
    this.#place(0, i, j, first);
    this.#place(1, i, j, second);
  }

  /** The class of the edge being inserted, after the relations that its triangles give. */
  #classOfNew(direction: Direction, i: number, j: number, time: number, zeroIn: ZeroIn, hasLune: boolean): number {
    const isZero = zeroIn === "both" || zeroIn === direction;
    if (!hasLune) return isZero ? zeroClass : this.#classes.bear(time, direction);
    // Where all edges at both ends are zero, every triangle's other two sides are.
    return this.#hasOpen(direction, i, j) ? this.#relateLune(direction, i, j, time, isZero) : zeroClass;
  }

  /** The relations of the triangles over the lune, one for each component that is not known to give none; the edge's class. */
  #relateLune(direction: Direction, i: number, j: number, time: number, isZero: boolean): number {
    const hasZeroTips = this.#startFromZeroTips(direction, i, j);
    if (hasZeroTips && this.#sweep()) return zeroClass;
    let ownClass = zeroClass;
    let isKnown = isZero || hasZeroTips;
    for (let tip = this.#nextComponent(); tip !== -1; tip = this.#nextComponent()) {
      const one = this.#classOrZero(direction, i, tip);
      const other = this.#classOrZero(direction, j, tip);
      if (!isKnown) {
        ownClass = one === zeroClass ? other : other === zeroClass ? one : this.#classes.sum(one, other);
        isKnown = true;
      } else this.#classes.relate(time, one, other, ownClass);
      if (this.#sweep()) break;
    }
    return ownClass;
  }

  #place(direction: Direction, i: number, j: number, ownClass: number): void {
    if (ownClass !== zeroClass) this.#keepOpen(direction, i, j, ownClass);
    else if (this.#hasOpen(direction, i, j)) this.#spreadZero(direction, i, j);
  }

  #keepOpen(direction: Direction, i: number, j: number, ownClass: number): void {
    this.#classOf[pairIndex(i, j)] = ownClass;
    this.#changeOpen(direction, i, j, 1);
  }

  /** Opens an edge, +1, or closes it, -1. */
  #changeOpen(direction: Direction, i: number, j: number, change: 1 | -1): void {
    this.#flip(this.#open[direction], i, j);
    this.#degrees[direction][i]! += change;
    this.#degrees[direction][j]! += change;
    this.#openEdges[direction] += change;
  }

  #hasOpen(direction: Direction, i: number, j: number): boolean {
    const degrees = this.#degrees[direction];
    return (degrees[i]! | degrees[j]!) !== 0;
  }

  /** Class of the edge between two joined points. */
  #classOrZero(direction: Direction, i: number, j: number): number {
    return this.#has(this.#open[direction], i, j) ? this.#classOf[pairIndex(i, j)]! : zeroClass;
  }

  /** An edge reaches its longer distance: it is zero from here on. */
  #becomeZero(direction: Direction, i: number, j: number, time: number): void {
    if (!this.#has(this.#open[direction], i, j)) return;
    this.#classes.relate(time, this.#classOf[pairIndex(i, j)]!, zeroClass, zeroClass);
    this.#changeOpen(direction, i, j, -1);
    this.#spreadZero(direction, i, j);
  }

  /**
   * An edge is zero: so is every third side of a triangle of which two are, again and again. Their classes are zero by the
   * relations there are, so nothing is related.
   */
  #spreadZero(direction: Direction, i: number, j: number): void {
    const stack = this.#stack;
    stack[0] = (i << 16) | j;
    for (let height = 1; height > 0;) {
      const pair = stack[--height]!;
      height = this.#closeThirdSides(direction, pair >>> 16, pair & 0xffff, height);
      height = this.#closeThirdSides(direction, pair & 0xffff, pair >>> 16, height);
    }
  }

  /** x y is zero: of the open edges x k, those with y k zero are, too. They are put on the stack; its new height. */
  #closeThirdSides(direction: Direction, x: number, y: number, height: number): number {
    if (this.#degrees[direction][x] === 0) return height;
    const [joined, open, words] = [this.#joined, this.#open[direction], this.#words];
    const [near, far] = [x * words, y * words];
    for (let w = 0; w < words; w++) {
      let found = open[near + w]! & joined[far + w]! & ~open[far + w]!;
      for (; found !== 0; found &= found - 1) {
        const k = (w << 5) + lowestBit(found);
        this.#changeOpen(direction, x, k, -1);
        this.#stack[height++] = (x << 16) | k;
      }
    }
    return height;
  }

  /** Whether no edge that is still to come could begin a bar. Goes on from the pair where it last ended: O(n^2 words) in all. */
  #everyLuneIsFull(): boolean {
    let [i, j] = this.#fullTo;
    while (i < this.#count && (this.#has(this.#joined, i, j) || this.#haveCommon(i, j))) {
      j++;
      if (j === i) [i, j] = [i + 1, 0];
    }
    this.#fullTo = [i, j];
    return i >= this.#count;
  }

  /** Puts an edge into a matrix, or takes it out. */
  #flip(matrix: Int32Array, i: number, j: number): void {
    matrix[i * this.#words + (j >> 5)]! ^= 1 << (j & 31);
    matrix[j * this.#words + (i >> 5)]! ^= 1 << (i & 31);
  }

  #has(matrix: Int32Array, i: number, j: number): boolean {
    return ((matrix[i * this.#words + (j >> 5)]! >>> (j & 31)) & 1) === 1;
  }

  /** Whether any point is joined to both. */
  #haveCommon(i: number, j: number): boolean {
    const [joined, words] = [this.#joined, this.#words];
    for (let w = 0; w < words; w++) if ((joined[i * words + w]! & joined[j * words + w]!) !== 0) return true;
    return false;
  }

  /** Fills the lune of i and j; whether it has points. */
  #findLune(i: number, j: number): boolean {
    const [joined, words] = [this.#joined, this.#words];
    let any = 0;
    for (let w = 0; w < words; w++) any |= this.#lune[w] = joined[i * words + w]! & joined[j * words + w]!;
    return any !== 0;
  }

  /** The frontier becomes the tips whose two sides are zero, the unreached the rest of the lune; whether there is such a tip. */
  #startFromZeroTips(direction: Direction, i: number, j: number): boolean {
    const [open, words] = [this.#open[direction], this.#words];
    let any = 0;
    for (let w = 0; w < words; w++) {
      const tips = this.#lune[w]!;
      const left = tips & (open[i * words + w]! | open[j * words + w]!);
      this.#unreached[w] = left;
      any |= this.#frontier[w] = tips ^ left;
    }
    return any !== 0;
  }

  /** Spreads from the frontier over edges within the unreached; true when all are reached. */
  #sweep(): boolean {
    const [words, frontier] = [this.#words, this.#frontier];
    if (this.#unreached.every((word) => word === 0)) return true;
    for (let going = true; going;) {
      going = false;
      for (let w = 0; w < words; w++) {
        for (let word = frontier[w]!; word !== 0; word = frontier[w]!) {
          frontier[w] = word & (word - 1);
          if (!this.#reachFrom((w << 5) + lowestBit(word))) return true;
          going = true;
        }
      }
    }
    return false;
  }

  /** Moves the unreached neighbours of a point to the frontier; whether any are left. */
  #reachFrom(point: number): boolean {
    const [joined, words, frontier, unreached] = [this.#joined, this.#words, this.#frontier, this.#unreached];
    const row = point * words;
    let anyLeft = 0;
    for (let w = 0; w < words; w++) {
      const open = unreached[w]!;
      if (open === 0) continue;
      const met = joined[row + w]! & open;
      frontier[w]! |= met;
      unreached[w] = open ^ met;
      anyLeft |= open ^ met;
    }
    return anyLeft !== 0;
  }

  /** The first unreached point becomes the whole frontier; -1 when there is none. */
  #nextComponent(): number {
    for (let w = 0; w < this.#words; w++) {
      const word = this.#unreached[w]!;
      if (word === 0) continue;
      this.#frontier.fill(0);
      this.#frontier[w] = word & -word;
      this.#unreached[w] = word & (word - 1);
      return (w << 5) + lowestBit(word);
    }
    return -1;
  }
}
