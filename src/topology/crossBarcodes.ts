/**
 * R-Cross-Barcodes of two embeddings of the same samples, in both directions at once.
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
 *   - Nearly all classes are zero. Edges certified to be zero are kept as bits; a triangle with two such sides certifies the
 *     third, and components with a tip joined to both ends by such edges give nothing new.
 *
 * The other direction has the same m, the same lunes and the same order, so one walk serves both. An edge is zero from the
 * start in at least one direction, so it has at most one class of interest.
 *
 * Invariant: exact (no tolerance anywhere), also for ties, duplicates and distances that are no metric's. The bars of length
 * zero are left out.
 */
import { BasinError } from "../core/errors.ts";
import { pairCount, pairIndex } from "./condensed.ts";
import { HomologyClasses, type Bar } from "./homologyClasses.ts";
import type { Preparation } from "./preparation.ts";

/** The direction in which an edge is zero from the start, or both. */
type ZeroIn = 0 | 1 | "both";
type Direction = 0 | 1;
const directions: readonly Direction[] = [0, 1];

/**
 * Bars of H1(R(min), R(a)) as direction 0 and of H1(R(min), R(b)) as direction 1, in the order of their deaths, times in units
 * of each cloud's own 0.9-quantile. About n^2.5 operations as observed; n^2 / 8 bytes for each of three bit matrices.
 * @throws BasinError `invalid-argument` for different numbers of points
 */
export function crossBarcodes(a: Preparation, b: Preparation): Bar[] {
  if (a.count !== b.count) {
    throw new BasinError(
      "invalid-argument",
      `The embeddings have ${a.count} and ${b.count} points.`,
      "RTD compares two embeddings of the same samples: the same rows in the same order.",
    );
  }
  return new Walk(a, b).run();
}

/** The lowest bit of a word. */
const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);

class Walk {
  readonly #a: Preparation;
  readonly #b: Preparation;
  readonly #count: number;
  /** Words in a row of bits. */
  readonly #words: number;
  /** For each point a row of neighbours, and then one of those joined by an edge that is zero, for each direction. */
  readonly #rows: Int32Array;
  readonly #rowLength: number;
  /** Edges at each point that are not (yet) zero, by direction; and all of them. */
  readonly #open: readonly [Int32Array, Int32Array];
  readonly #openEdges: [number, number] = [0, 0];
  /** Class of each edge that is not zero. */
  readonly #classOf: Int32Array;
  readonly #classes = new HomologyClasses();
  readonly #lune: Int32Array;
  readonly #frontier: Int32Array;
  readonly #unreached: Int32Array;
  readonly #stack: Int32Array;
  /** Where the edge being inserted is zero, and its class where it is not. */
  readonly #zero: [boolean, boolean] = [false, false];
  #newClass = -1;

  constructor(a: Preparation, b: Preparation) {
    this.#a = a;
    this.#b = b;
    this.#count = a.count;
    this.#words = (a.count + 31) >> 5;
    this.#rowLength = 3 * this.#words;
    this.#rows = new Int32Array(a.count * this.#rowLength);
    this.#open = [new Int32Array(a.count), new Int32Array(a.count)];
    this.#classOf = new Int32Array(pairCount(a.count));
    this.#lune = new Int32Array(this.#words);
    this.#frontier = new Int32Array(this.#words);
    this.#unreached = new Int32Array(this.#words);
    this.#stack = new Int32Array(pairCount(a.count) + 1);
  }

  /** Merges the two sorted lists: an edge is inserted at its shorter distance and becomes zero, if it is not, at its longer. */
  run(): Bar[] {
    const [a, b] = [this.#a, this.#b];
    const total = a.pairs.length;
    let [atA, atB, inserted] = [0, 0, 0];
    // Looking for an edge that could still begin a bar costs n^2 words: rarely done.
    let nextLook = total / 20;
    while (atA < total || atB < total) {
      const takeA = atB >= total || (atA < total && a.sorted[atA]! <= b.sorted[atB]!);
      const from = takeA ? a : b;
      const at = takeA ? atA++ : atB++;
      const pair = from.pairs[at]!;
      const time = from.sorted[at]!;
      const [i, j] = [pair >>> 16, pair & 0xffff];
      const edge = ((i * (i - 1)) >> 1) + j;
      const difference = a.distances[edge]! - b.distances[edge]!;
      const direction = takeA ? 0 : 1;
      const isShorter = takeA ? difference <= 0 : difference > 0;
      if (isShorter) {
        this.#insert(i, j, time, difference === 0 ? "both" : direction);
        inserted++;
      } else if (difference !== 0 && this.#openEdges[direction] > 0) {
        this.#becomeZero(direction, i, j, time);
      }
      if (this.#classes.alive === 0 && inserted >= nextLook) {
        if (this.#everyLuneIsFull()) break;
        nextLook = inserted + total / 50;
      }
    }
    return this.#classes.bars;
  }

  #insert(i: number, j: number, time: number, zeroIn: ZeroIn): void {
    const hasLune = this.#findLune(i, j);
    for (const direction of directions) {
      this.#newClass = direction === 0 ? -1 : this.#newClass;
      this.#zero[direction] = zeroIn === "both" || zeroIn === direction;
      if (!hasLune) {
        if (!this.#zero[direction]) this.#newClass = this.#classes.bear(time, direction);
      } else if (this.#open[direction][i] === 0 && this.#open[direction][j] === 0) {
        // Every triangle's other two sides are zero.
        this.#zero[direction] = true;
      } else {
        this.#relateLune(i, j, time, direction);
      }
    }
    this.#setBit(i, j, 0);
    for (const direction of directions) {
      if (this.#zero[direction]) this.#certify(direction, i, j);
      else this.#keepOpen(direction, i, j, this.#newClass);
    }
  }

  #keepOpen(direction: Direction, i: number, j: number, ownClass: number): void {
    this.#classOf[pairIndex(i, j)] = ownClass;
    this.#open[direction][i]!++;
    this.#open[direction][j]!++;
    this.#openEdges[direction]++;
  }

  /** Fills the lune of i and j: the points joined to both. */
  #findLune(i: number, j: number): boolean {
    const rows = this.#rows;
    const [ri, rj] = [i * this.#rowLength, j * this.#rowLength];
    let any = 0;
    for (let w = 0; w < this.#words; w++) any |= this.#lune[w] = rows[ri + w]! & rows[rj + w]!;
    return any !== 0;
  }

  /** The relations that the triangles over the lune give, one for each component that is not known to give none. */
  #relateLune(i: number, j: number, time: number, direction: Direction): void {
    if (this.#reachFromZeroTips(i, j, direction)) {
      this.#zero[direction] = true;
      if (this.#sweep()) return;
    }
    let ownClass = this.#zero[direction] ? -1 : undefined;
    for (let tip = this.#firstUnreached(); tip !== -1; tip = this.#firstUnreached()) {
      const one = this.#classOrZero(direction, i, tip);
      const other = this.#classOrZero(direction, j, tip);
      if (ownClass === undefined) {
        ownClass = one === -1 ? other : other === -1 ? one : this.#classes.sum(one, other);
      } else if (one !== -1 || other !== -1 || ownClass !== -1) {
        this.#classes.relate(time, one, other, ownClass);
      }
      this.#unreached[tip >> 5]! &= ~(1 << (tip & 31));
      this.#frontier.fill(0);
      this.#frontier[tip >> 5] = 1 << (tip & 31);
      if (this.#sweep()) break;
    }
    if (ownClass !== undefined && ownClass !== -1) this.#newClass = ownClass;
  }

  /** The frontier becomes the tips whose sides are both zero, the unreached the rest of the lune; whether there is such a tip. */
  #reachFromZeroTips(i: number, j: number, direction: Direction): boolean {
    const rows = this.#rows;
    const shift = (1 + direction) * this.#words;
    const [zi, zj] = [i * this.#rowLength + shift, j * this.#rowLength + shift];
    let any = 0;
    for (let w = 0; w < this.#words; w++) {
      const zero = rows[zi + w]! & rows[zj + w]!;
      this.#frontier[w] = zero;
      this.#unreached[w] = this.#lune[w]! & ~zero;
      any |= zero;
    }
    return any !== 0;
  }

  /** Spreads from the frontier over edges within the unreached; true when all are reached. */
  #sweep(): boolean {
    const [words, rows, frontier, unreached] = [this.#words, this.#rows, this.#frontier, this.#unreached];
    for (let going = true; going;) {
      going = false;
      let left = 0;
      for (let w = 0; w < words; w++) left |= unreached[w]!;
      if (left === 0) return true;
      for (let w = 0; w < words; w++) {
        while (frontier[w] !== 0) {
          const word = frontier[w]!;
          frontier[w] = word & (word - 1);
          const row = ((w << 5) + lowestBit(word)) * this.#rowLength;
          left = 0;
          for (let x = 0; x < words; x++) {
            const open = unreached[x]!;
            if (open === 0) continue;
            const met = rows[row + x]! & open;
            frontier[x]! |= met;
            unreached[x] = open & ~met;
            left |= open & ~met;
          }
          if (left === 0) return true;
          going = true;
        }
      }
    }
    return false;
  }

  #firstUnreached(): number {
    for (let w = 0; w < this.#words; w++)
      if (this.#unreached[w] !== 0) return (w << 5) + lowestBit(this.#unreached[w]!);
    return -1;
  }

  /** Class of the edge between two joined points, -1 when it is zero. */
  #classOrZero(direction: Direction, i: number, j: number): number {
    return this.#isZero(direction, i, j) ? -1 : this.#classOf[pairIndex(i, j)]!;
  }

  /** An edge reaches its longer distance: it is zero from here on. */
  #becomeZero(direction: Direction, i: number, j: number, time: number): void {
    if (this.#isZero(direction, i, j)) return;
    this.#classes.relate(time, this.#classOf[pairIndex(i, j)]!);
    this.#open[direction][i]!--;
    this.#open[direction][j]!--;
    this.#openEdges[direction]--;
    this.#certify(direction, i, j);
  }

  /**
   * Certifies that an edge is zero, and then every third side of a triangle of which two are. The classes of those are zero by
   * the relations there are, so nothing is related.
   */
  #certify(direction: Direction, i: number, j: number): void {
    const [words, rows, open, stack] = [this.#words, this.#rows, this.#open[direction], this.#stack];
    const layer = 1 + direction;
    const shift = layer * words;
    this.#setBit(i, j, layer);
    let height = 0;
    stack[height++] = (i << 16) | j;
    while (height > 0) {
      const pair = stack[--height]!;
      let [x, y] = [pair >>> 16, pair & 0xffff];
      for (let end = 0; end < 2; end++, [x, y] = [y, x]) {
        // Of the sides x k, those with y k zero.
        for (let w = 0; w < words && open[x] !== 0; w++) {
          const zx = x * this.#rowLength + shift + w;
          let found = rows[x * this.#rowLength + w]! & ~rows[zx]! & rows[y * this.#rowLength + shift + w]!;
          for (; found !== 0; found &= found - 1) {
            const k = (w << 5) + lowestBit(found);
            this.#setBit(x, k, layer);
            open[x]!--;
            open[k]!--;
            this.#openEdges[direction]--;
            stack[height++] = (x << 16) | k;
          }
        }
      }
    }
  }

  #isZero(direction: Direction, i: number, j: number): boolean {
    const row = i * this.#rowLength + (1 + direction) * this.#words;
    return ((this.#rows[row + (j >> 5)]! >>> (j & 31)) & 1) === 1;
  }

  #setBit(i: number, j: number, layer: number): void {
    const shift = layer * this.#words;
    this.#rows[i * this.#rowLength + shift + (j >> 5)]! |= 1 << (j & 31);
    this.#rows[j * this.#rowLength + shift + (i >> 5)]! |= 1 << (i & 31);
  }

  /** Whether no edge that is still to come could begin a bar. */
  #everyLuneIsFull(): boolean {
    for (let i = 1; i < this.#count; i++) {
      for (let j = 0; j < i; j++) {
        const isJoined = ((this.#rows[i * this.#rowLength + (j >> 5)]! >>> (j & 31)) & 1) === 1;
        if (!isJoined && !this.#findLune(i, j)) return false;
      }
    }
    return true;
  }
}
