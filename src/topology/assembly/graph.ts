/**
 * The graph of the edges inserted so far as matrices of bits, and searches in it 128 points at a time.
 * Invariant: the matrices are symmetric; an edge that is open in a direction (not known to be zero there) is joined.
 */
import { reserve, reserveZeros } from "./memory";

/** All edges inserted so far. */
export let joined: usize = 0;
/** Those that are not known to be zero in a direction: few, so the other ones are not written down. */
export let open0: usize = 0;
export let open1: usize = 0;
/** Bytes of a row of bits, a multiple of 16. */
export let rowBytes: usize = 0;

/** Points joined to both ends of an edge. */
let lune: usize = 0;
/** Points of the lune that are reached but whose neighbours are not yet looked at, and points that are not reached. */
let frontier: usize = 0;
let unreached: usize = 0;
/** Points k with an open edge to one point and an edge that is zero to another. */
export let thirdSides: usize = 0;

export function resetGraph(count: i32): void {
  rowBytes = ((<usize>count + 127) >> 7) << 4;
  joined = reserveZeros(<usize>count * rowBytes);
  open0 = reserveZeros(<usize>count * rowBytes);
  open1 = reserveZeros(<usize>count * rowBytes);
  lune = reserve(rowBytes);
  frontier = reserve(rowBytes);
  unreached = reserve(rowBytes);
  thirdSides = reserve(rowBytes);
}

export function openIn(direction: i32): usize {
  return direction === 0 ? open0 : open1;
}

export function rowOf(matrix: usize, point: i32): usize {
  return matrix + <usize>point * rowBytes;
}

function wordOf(matrix: usize, i: i32, j: i32): usize {
  return rowOf(matrix, i) + ((<usize>j >> 6) << 3);
}

function flipOneBit(matrix: usize, i: i32, j: i32): void {
  const word = wordOf(matrix, i, j);
  store<u64>(word, load<u64>(word) ^ ((<u64>1) << (j & 63)));
}

/** Puts an edge into a matrix, or takes it out. */
export function flip(matrix: usize, i: i32, j: i32): void {
  flipOneBit(matrix, i, j);
  flipOneBit(matrix, j, i);
}

export function has(matrix: usize, i: i32, j: i32): bool {
  return ((load<u64>(wordOf(matrix, i, j)) >> (j & 63)) & 1) === 1;
}

/** Whether any point is joined to both. */
export function haveCommon(i: i32, j: i32): bool {
  const one = rowOf(joined, i);
  const other = rowOf(joined, j);
  for (let at: usize = 0; at < rowBytes; at += 16)
    if (v128.any_true(v128.and(v128.load(one + at), v128.load(other + at)))) return true;
  return false;
}

/** Fills the lune of i and j; whether it has points. */
export function findLune(i: i32, j: i32): bool {
  const one = rowOf(joined, i);
  const other = rowOf(joined, j);
  let any = i64x2.splat(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    const common = v128.and(v128.load(one + at), v128.load(other + at));
    v128.store(lune + at, common);
    any = v128.or(any, common);
  }
  return v128.any_true(any);
}

export let hasZeroTips: bool = false;

/**
 * The frontier becomes the tips of the lune whose two sides are zero, the unreached the rest; `hasZeroTips` says whether there
 * are any. Whether any are unreached.
 */
export function startFromZeroTips(open: usize, i: i32, j: i32): bool {
  const one = rowOf(open, i);
  const other = rowOf(open, j);
  let anyZero = i64x2.splat(0);
  let anyLeft = i64x2.splat(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    const tips = v128.load(lune + at);
    const left = v128.and(tips, v128.or(v128.load(one + at), v128.load(other + at)));
    const zero = v128.xor(tips, left);
    v128.store(frontier + at, zero);
    v128.store(unreached + at, left);
    anyZero = v128.or(anyZero, zero);
    anyLeft = v128.or(anyLeft, left);
  }
  hasZeroTips = v128.any_true(anyZero);
  return v128.any_true(anyLeft);
}

/** Spreads from the frontier over edges within the unreached; true when all are reached. */
export function sweep(): bool {
  for (let going = true; going;) {
    going = false;
    for (let at: usize = 0; at < rowBytes; at += 8) {
      for (let word = load<u64>(frontier + at); word !== 0; word = load<u64>(frontier + at)) {
        store<u64>(frontier + at, word & (word - 1));
        if (!reachFrom(<i32>(at << 3) + <i32>ctz(word))) return true;
        going = true;
      }
    }
  }
  return false;
}

/** Moves the unreached neighbours of a point to the frontier; whether any are left. */
function reachFrom(point: i32): bool {
  const row = rowOf(joined, point);
  let anyLeft = i64x2.splat(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    const open = v128.load(unreached + at);
    const met = v128.and(v128.load(row + at), open);
    const left = v128.andnot(open, met);
    v128.store(frontier + at, v128.or(v128.load(frontier + at), met));
    v128.store(unreached + at, left);
    anyLeft = v128.or(anyLeft, left);
  }
  return v128.any_true(anyLeft);
}

/** The first unreached point becomes the whole frontier; -1 when there is none. */
export function nextComponent(): i32 {
  for (let at: usize = 0; at < rowBytes; at += 8) {
    const word = load<u64>(unreached + at);
    if (word === 0) continue;
    memory.fill(frontier, 0, rowBytes);
    store<u64>(frontier + at, word & (~word + 1));
    store<u64>(unreached + at, word & (word - 1));
    return <i32>(at << 3) + <i32>ctz(word);
  }
  return -1;
}

/** Fills `thirdSides` with the points k of which x k is open and y k is zero; whether there are any. */
export function findThirdSides(open: usize, x: i32, y: i32): bool {
  const near = rowOf(open, x);
  const far = rowOf(joined, y);
  const farOpen = rowOf(open, y);
  let any = i64x2.splat(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    const zero = v128.andnot(v128.load(far + at), v128.load(farOpen + at));
    const found = v128.and(v128.load(near + at), zero);
    v128.store(thirdSides + at, found);
    any = v128.or(any, found);
  }
  return v128.any_true(any);
}
