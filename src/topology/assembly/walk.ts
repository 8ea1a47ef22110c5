/**
 * The walk of crossBarcodes.ts, where the mathematics is explained, in raw memory and with the same names.
 * Invariant: its bars are those of the TypeScript walk, in the same order and to the last bit.
 */
import { alive, bear, relate, resetClasses, sum, zeroClass } from "./classes";
import {
  findLune,
  findThirdSides,
  flip,
  has,
  hasZeroTips,
  haveCommon,
  joined,
  nextComponent,
  openIn,
  resetGraph,
  rowBytes,
  rowOf,
  startFromZeroTips,
  sweep,
  thirdSides,
} from "./graph";
import { get, reserve, reserveZeros, set } from "./memory";

/** An edge is zero from the start in this direction, or in both. */
const both: i32 = 2;

let count: i32 = 0;
let total: i32 = 0;
// Distances by place, in ascending order, and the pairs in that order, of either cloud.
let distances0: usize = 0;
let sorted0: usize = 0;
let pairs0: usize = 0;
let distances1: usize = 0;
let sorted1: usize = 0;
let pairs1: usize = 0;
let at0: i32 = 0;
let at1: i32 = 0;
/** Every pair before this one is joined or has a lune: so it will stay. */
let fullTo0: i32 = 0;
let fullTo1: i32 = 0;
/** For each pair: 0 when it is shorter in cloud 0, 1 when in cloud 1, 2 when equal. */
let shorterIn: usize = 0;

// Open edges at each point, by direction, and all of them.
let degrees0: usize = 0;
let degrees1: usize = 0;
let openEdges0: i32 = 0;
let openEdges1: i32 = 0;
/** Class of each edge that is not zero. */
let classOf: usize = 0;
let stack: usize = 0;

/** Starts on two clouds of so many points whose arrays lie where it is said. */
export function start(points: i32, d0: usize, s0: usize, p0: usize, d1: usize, s1: usize, p1: usize): void {
  count = points;
  total = (points * (points - 1)) >> 1;
  distances0 = d0;
  sorted0 = s0;
  pairs0 = p0;
  distances1 = d1;
  sorted1 = s1;
  pairs1 = p1;
  at0 = at1 = openEdges0 = openEdges1 = 0;
  fullTo0 = 1;
  fullTo1 = 0;
  degrees0 = reserveZeros((<usize>points) << 2);
  degrees1 = reserveZeros((<usize>points) << 2);
  classOf = reserve((<usize>total) << 2);
  stack = reserve((<usize>total + 1) << 2);
  shorterIn = reserve(total);
  compareClouds();
  resetGraph(points);
  resetClasses(total);
}

function compareClouds(): void {
  for (let k = 0; k < total; k++) {
    const a = load<f64>(distances0 + ((<usize>k) << 3));
    const b = load<f64>(distances1 + ((<usize>k) << 3));
    store<u8>(shorterIn + k, a < b ? 0 : a > b ? 1 : both);
  }
}

/** Share of the events that are done. */
export function progress(): f64 {
  return <f64>(at0 + at1) / <f64>(2 * total);
}

/** Goes on for so many events; true when all bars are known. */
export function advance(events: i32): bool {
  for (let k = 0; k < events; k++) {
    if (at0 >= total && at1 >= total) return true;
    if (at1 >= total || (at0 < total && timeOf(sorted0, at0) <= timeOf(sorted1, at1))) {
      meet(0, get(pairs0, at0), timeOf(sorted0, at0));
      at0++;
    } else {
      meet(1, get(pairs1, at1), timeOf(sorted1, at1));
      at1++;
    }
    if (alive === 0 && everyLuneIsFull()) return true;
  }
  return false;
}

function timeOf(sorted: usize, k: i32): f64 {
  return load<f64>(sorted + ((<usize>k) << 3));
}

function pairIndex(i: i32, j: i32): i32 {
  return i > j ? ((i * (i - 1)) >> 1) + j : ((j * (j - 1)) >> 1) + i;
}

/** A pair's distance in one cloud has been reached: the edge is inserted at its shorter distance, and zero at its longer. */
function meet(direction: i32, pair: i32, time: f64): void {
  const i = pair >>> 16;
  const j = pair & 0xffff;
  const shorter = <i32>load<u8>(shorterIn + pairIndex(i, j));
  if (shorter === direction) insert(i, j, time, direction);
  else if (shorter !== both) {
    if ((direction === 0 ? openEdges0 : openEdges1) > 0) becomeZero(direction, i, j, time);
  } else if (direction === 0) insert(i, j, time, both);
}

function degreesOf(direction: i32): usize {
  return direction === 0 ? degrees0 : degrees1;
}

function hasOpen(direction: i32, i: i32, j: i32): bool {
  const degrees = degreesOf(direction);
  return (get(degrees, i) | get(degrees, j)) !== 0;
}

/** Opens an edge, +1, or closes it, -1. */
function changeOpen(direction: i32, i: i32, j: i32, change: i32): void {
  flip(openIn(direction), i, j);
  const degrees = degreesOf(direction);
  set(degrees, i, get(degrees, i) + change);
  set(degrees, j, get(degrees, j) + change);
  if (direction === 0) openEdges0 += change;
  else openEdges1 += change;
}

function insert(i: i32, j: i32, time: f64, zeroIn: i32): void {
  if (!hasOpen(0, i, j) && !hasOpen(1, i, j)) insertAmongZeros(i, j, time, zeroIn);
  else insertAmongOpen(i, j, time, zeroIn);
}

/** All edges at both ends are zero in both directions: so is this one, unless it has no lune. */
function insertAmongZeros(i: i32, j: i32, time: f64, zeroIn: i32): void {
  const isZero = zeroIn === both || haveCommon(i, j);
  flip(joined, i, j);
  if (!isZero) keepOpen(1 - zeroIn, i, j, bear(time, 1 - zeroIn));
}

function insertAmongOpen(i: i32, j: i32, time: f64, zeroIn: i32): void {
  const hasLune = findLune(i, j);
  const class0 = classOfNew(0, i, j, time, zeroIn, hasLune);
  const class1 = classOfNew(1, i, j, time, zeroIn, hasLune);
  flip(joined, i, j);
  place(0, i, j, class0);
  place(1, i, j, class1);
}

/** The class of the edge being inserted, after the relations that its triangles give. */
function classOfNew(direction: i32, i: i32, j: i32, time: f64, zeroIn: i32, hasLune: bool): i32 {
  const isZero = zeroIn === both || zeroIn === direction;
  if (!hasLune) return isZero ? zeroClass : bear(time, direction);
  // Where all edges at both ends are zero, every triangle's other two sides are.
  return hasOpen(direction, i, j) ? relateLune(direction, i, j, time, isZero) : zeroClass;
}

/** The relations of the triangles over the lune, one for each component that is not known to give none; the edge's class. */
function relateLune(direction: i32, i: i32, j: i32, time: f64, isZero: bool): i32 {
  if (!startFromZeroTips(openIn(direction), i, j)) return zeroClass;
  let ownClass = zeroClass;
  let isKnown = isZero || hasZeroTips;
  if (hasZeroTips && sweep()) return zeroClass;
  for (let tip = nextComponent(); tip !== -1; tip = nextComponent()) {
    const one = classOrZero(direction, i, tip);
    const other = classOrZero(direction, j, tip);
    if (!isKnown) {
      ownClass = one === zeroClass ? other : other === zeroClass ? one : sum(one, other);
      isKnown = true;
    } else relate(time, one, other, ownClass);
    if (sweep()) break;
  }
  return ownClass;
}

function place(direction: i32, i: i32, j: i32, ownClass: i32): void {
  if (ownClass !== zeroClass) keepOpen(direction, i, j, ownClass);
  else if (hasOpen(direction, i, j)) spreadZero(direction, i, j);
}

function keepOpen(direction: i32, i: i32, j: i32, ownClass: i32): void {
  set(classOf, pairIndex(i, j), ownClass);
  changeOpen(direction, i, j, 1);
}

/** Class of the edge between two joined points. */
function classOrZero(direction: i32, i: i32, j: i32): i32 {
  return has(openIn(direction), i, j) ? get(classOf, pairIndex(i, j)) : zeroClass;
}

/** An edge reaches its longer distance: it is zero from here on. */
function becomeZero(direction: i32, i: i32, j: i32, time: f64): void {
  if (!has(openIn(direction), i, j)) return;
  relate(time, get(classOf, pairIndex(i, j)), zeroClass, zeroClass);
  changeOpen(direction, i, j, -1);
  spreadZero(direction, i, j);
}

/** An edge is zero: so is every third side of a triangle of which two are, again and again. */
function spreadZero(direction: i32, i: i32, j: i32): void {
  set(stack, 0, (i << 16) | j);
  for (let height = 1; height > 0;) {
    const pair = get(stack, --height);
    height = closeThirdSides(direction, pair >>> 16, pair & 0xffff, height);
    height = closeThirdSides(direction, pair & 0xffff, pair >>> 16, height);
  }
}

/** x y is zero: of the open edges x k, those with y k zero are, too. They are put on the stack; its new height. */
function closeThirdSides(direction: i32, x: i32, y: i32, height: i32): i32 {
  if (get(degreesOf(direction), x) === 0 || !findThirdSides(openIn(direction), x, y)) return height;
  for (let at: usize = 0; at < rowBytes; at += 8) {
    for (let found = load<u64>(thirdSides + at); found !== 0; found &= found - 1) {
      const k = <i32>(at << 3) + <i32>ctz(found);
      changeOpen(direction, x, k, -1);
      set(stack, height++, (x << 16) | k);
    }
  }
  return height;
}

/** Whether no edge that is still to come could begin a bar. Goes on from the pair where it last ended: O(n^2 words) in all. */
function everyLuneIsFull(): bool {
  for (; fullTo0 < count; fullTo0++, fullTo1 = 0)
    for (; fullTo1 < fullTo0; fullTo1++)
      if (!has(joined, fullTo0, fullTo1) && !haveCommon(fullTo0, fullTo1)) return false;
  return true;
}
