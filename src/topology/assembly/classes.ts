/**
 * Vectors over the field of two elements, of generators that die one after another: homologyClasses.ts in raw memory, with the
 * same names. A relation kills its youngest generator by rewriting it as the sum of the others.
 * Invariant: a vector is a strictly ascending list of generators; a rule holds only generators older than the one it rewrites.
 */
import { copyInts, extend, get, mark, reserve, set } from "./memory";

/** The zero class. */
export const zeroClass: i32 = -1;

// Vectors of classes and rules of dead generators: where in the pool, how long, and after how many deaths last rewritten.
let classOffsets: usize = 0;
let classLengths: usize = 0;
let classVersions: usize = 0;
let ruleOffsets: usize = 0;
let ruleLengths: usize = 0;
let ruleVersions: usize = 0;
let classCount: i32 = 0;

let births: usize = 0;
let directions: usize = 0;
let dead: usize = 0;
let generatorCount: i32 = 0;
let deaths: i32 = 0;
export let alive: i32 = 0;

/** The vector being worked on, room for the next one, and generators kept while rewriting. */
let work: usize = 0;
let workLength: i32 = 0;
let spare: usize = 0;
let kept: usize = 0;

/** Lists of generators one after the other; it comes last in memory, so that it can grow. */
let pool: usize = 0;
let poolUsed: i32 = 0;
let poolSize: i32 = 0;

export let barCount: i32 = 0;
export let barBirths: usize = 0;
export let barDeaths: usize = 0;
export let barDirections: usize = 0;

/** Clears everything. At most one class and one generator a pair of points is ever made. Nothing may be reserved after it. */
export function resetClasses(pairs: i32): void {
  const ints = (<usize>pairs + 16) << 2;
  const floats = ints << 1;
  classOffsets = reserve(ints);
  classLengths = reserve(ints);
  classVersions = reserve(ints);
  ruleOffsets = reserve(ints);
  ruleLengths = reserve(ints);
  ruleVersions = reserve(ints);
  births = reserve(floats);
  directions = reserve(ints >> 2);
  dead = reserve(ints >> 2);
  work = reserve(ints);
  spare = reserve(ints);
  kept = reserve(ints);
  barBirths = reserve(floats);
  barDeaths = reserve(floats);
  barDirections = reserve(ints >> 2);
  classCount = generatorCount = deaths = alive = barCount = workLength = poolUsed = 0;
  poolSize = 1 << 16;
  pool = reserve((<usize>poolSize) << 2);
}

/** Offset of room for `length` generators in the pool. */
function take(length: i32): i32 {
  const offset = poolUsed;
  poolUsed += length;
  if (poolUsed > poolSize) {
    const larger = poolUsed + (poolSize >> 1);
    extend(mark() + ((<usize>(larger - poolSize)) << 2));
    poolSize = larger;
  }
  return offset;
}

function inPool(offset: i32): usize {
  return pool + ((<usize>offset) << 2);
}

function isDead(generator: i32): bool {
  return load<u8>(dead + generator) !== 0;
}

/** A new generator, born at `time`; its class. */
export function bear(time: f64, direction: i32): i32 {
  const generator = generatorCount++;
  store<f64>(births + ((<usize>generator) << 3), time);
  store<u8>(directions + generator, <u8>direction);
  store<u8>(dead + generator, 0);
  alive++;
  set(work, 0, generator);
  workLength = 1;
  return classOfWork();
}

/** The class that is the sum of two. */
export function sum(a: i32, b: i32): i32 {
  addUp(a, b, zeroClass);
  return classOfWork();
}

/** From `time` on the sum of these classes is zero: kills the youngest generator in it, unless the sum is zero already. */
export function relate(time: f64, a: i32, b: i32, c: i32): void {
  // Equal classes cancel without being looked at.
  if (a === b) a = b = zeroClass;
  else if (a === c) a = c = zeroClass;
  else if (b === c) b = c = zeroClass;
  addUp(a, b, c);
  if (workLength > 0) kill(time);
}

/** The youngest generator of the vector worked on is from now on the sum of the others. */
function kill(time: f64): void {
  const youngest = get(work, --workLength);
  deaths++;
  alive--;
  store<u8>(dead + youngest, 1);
  storeRule(youngest, take(workLength));
  const birth = load<f64>(births + ((<usize>youngest) << 3));
  if (time > birth) {
    store<f64>(barBirths + ((<usize>barCount) << 3), birth);
    store<f64>(barDeaths + ((<usize>barCount) << 3), time);
    store<u8>(barDirections + barCount, load<u8>(directions + youngest));
    barCount++;
  }
}

/** The sum of up to three classes becomes the vector worked on. */
function addUp(a: i32, b: i32, c: i32): void {
  // Rewriting needs the room that the sum is made in: first the one, then the other.
  if (a !== zeroClass) update(a);
  if (b !== zeroClass) update(b);
  if (c !== zeroClass) update(c);
  workLength = 0;
  if (a !== zeroClass) addClass(a);
  if (b !== zeroClass) addClass(b);
  if (c !== zeroClass) addClass(c);
}

function addClass(one: i32): void {
  const list = inPool(get(classOffsets, one));
  const length = get(classLengths, one);
  if (workLength === 0) loadWork(list, length);
  else addList(list, length);
}

function loadWork(list: usize, length: i32): void {
  copyInts(work, list, length);
  workLength = length;
}

/** Symmetric difference of the vector worked on with a list. */
function addList(list: usize, length: i32): void {
  let i = 0;
  let j = 0;
  let k = 0;
  while (i < workLength && j < length) {
    const a = get(work, i);
    const b = get(list, j);
    if (a <= b) i++;
    if (b <= a) j++;
    if (a !== b) set(spare, k++, min(a, b));
  }
  while (i < workLength) set(spare, k++, get(work, i++));
  while (j < length) set(spare, k++, get(list, j++));
  workLength = k;
  const old = work;
  work = spare;
  spare = old;
}

/** Rewrites a class's vector without dead generators, if it must. */
function update(one: i32): void {
  if (get(classVersions, one) === deaths) return;
  set(classVersions, one, deaths);
  const length = get(classLengths, one);
  const offset = get(classOffsets, one);
  const list = inPool(offset);
  if (!hasDead(list, length)) return;
  // Very many classes are one generator: its rule is then rewritten once for all of them.
  if (length === 1) {
    updateRule(get(list, 0));
    storeClass(one, take(workLength));
  } else {
    loadWork(list, length);
    rewriteWork();
    storeClass(one, placeFor(offset, length));
  }
}

/** Rewrites a dead generator's rule, if it must; its list becomes the vector worked on. */
function updateRule(generator: i32): void {
  const length = get(ruleLengths, generator);
  const offset = get(ruleOffsets, generator);
  loadWork(inPool(offset), length);
  if (get(ruleVersions, generator) === deaths) return;
  set(ruleVersions, generator, deaths);
  if (!hasDead(inPool(offset), length)) return;
  rewriteWork();
  storeRule(generator, placeFor(offset, length));
}

/** Where the vector worked on is stored in place of a list: there, if it fits. */
function placeFor(offset: i32, length: i32): i32 {
  return workLength <= length ? offset : take(workLength);
}

/** Applies rules to the vector worked on, youngest generator first, until all in it are alive. */
function rewriteWork(): void {
  let count = 0;
  while (workLength > 0) {
    const youngest = get(work, --workLength);
    if (isDead(youngest)) addList(inPool(get(ruleOffsets, youngest)), get(ruleLengths, youngest));
    else set(kept, count++, youngest);
  }
  for (let k = 0; k < count; k++) set(work, k, get(kept, count - 1 - k));
  workLength = count;
}

function hasDead(list: usize, length: i32): bool {
  for (let k = 0; k < length; k++) if (isDead(get(list, k))) return true;
  return false;
}

function classOfWork(): i32 {
  const one = classCount++;
  storeClass(one, take(workLength));
  return one;
}

/** Stores the vector worked on as a class of today. */
function storeClass(one: i32, offset: i32): void {
  copyInts(inPool(offset), work, workLength);
  set(classOffsets, one, offset);
  set(classLengths, one, workLength);
  set(classVersions, one, deaths);
}

function storeRule(generator: i32, offset: i32): void {
  copyInts(inPool(offset), work, workLength);
  set(ruleOffsets, generator, offset);
  set(ruleLengths, generator, workLength);
  set(ruleVersions, generator, deaths);
}
