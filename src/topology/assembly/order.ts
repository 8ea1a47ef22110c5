/**
 * All pairs of points by their distance: pairOrder.ts of src/topology in raw memory.
 * Invariant: ascending; pairs of equal distance in the order of their places, so the order is a function of the distances.
 */
import { mark, release, reserve, reserveZeros } from "./memory";

const digitBits = 11;
const digits: usize = 1 << digitBits;
/** Longer runs of equal keys are sorted as heaps: inserting one by one would take quadratic time. */
const longRun = 24;

/**
 * Pairs and their distances in ascending order, to `pairs` and `sorted`: radix sort on the distances as float32, whose bits are
 * in the order of non-negative floats; runs of equal keys are then put in order by the doubles. O(n^2).
 */
export function order(distances: usize, count: i32, pairs: usize, sorted: usize): void {
  const before = mark();
  const total = (count * (count - 1)) >> 1;
  const bytes = (<usize>total) << 3;
  let entries = reserve(bytes);
  let others = reserve(bytes);
  const starts = reserveZeros(3 * (digits << 2));
  writeEntries(distances, count, entries, starts);
  for (let pass: usize = 0; pass < 3; pass++) {
    scatter(entries, others, total, starts + pass * (digits << 2), 32 + <u64>pass * digitBits);
    const old = entries;
    entries = others;
    others = old;
  }
  readEntries(distances, entries, total, pairs, sorted);
  finishRuns(entries, total, pairs, sorted);
  release(before);
}

/** Key and pair of each distance as one number, the key above; counts the keys' digits. */
function writeEntries(distances: usize, count: i32, entries: usize, counts: usize): void {
  for (let i = 1; i < count; i++) {
    for (let j = 0; j < i; j++, distances += 8, entries += 8) {
      const key = reinterpret<u32>(<f32>load<f64>(distances));
      store<u64>(entries, ((<u64>key) << 32) | ((i << 16) | j));
      countDigit(counts, key);
      countDigit(counts + (digits << 2), key >> digitBits);
      countDigit(counts + 2 * (digits << 2), key >> (2 * digitBits));
    }
  }
}

/** Counts the lowest digit. */
function countDigit(counts: usize, key: u32): void {
  const cell = counts + ((<usize>key & (digits - 1)) << 2);
  store<u32>(cell, load<u32>(cell) + 1);
}

/** One stable pass over the digit of the keys at `shift`. */
function scatter(from: usize, to: usize, total: i32, counts: usize, shift: u64): void {
  for (let digit: usize = 0, sum: u32 = 0; digit < digits; digit++) {
    const here = load<u32>(counts + (digit << 2));
    store<u32>(counts + (digit << 2), sum);
    sum += here;
  }
  const end = from + ((<usize>total) << 3);
  for (; from < end; from += 8) {
    const entry = load<u64>(from);
    const cell = counts + ((<usize>((entry >> shift) & (digits - 1))) << 2);
    const place = load<u32>(cell);
    store<u32>(cell, place + 1);
    store<u64>(to + ((<usize>place) << 3), entry);
  }
}

function readEntries(distances: usize, entries: usize, total: i32, pairs: usize, sorted: usize): void {
  for (let k: usize = 0; k < <usize>total; k++) {
    const pair = load<u32>(entries + (k << 3));
    const i = pair >> 16;
    store<u32>(pairs + (k << 2), pair);
    store<f64>(sorted + (k << 3), load<f64>(distances + ((((i * (i - 1)) >> 1) + (pair & 0xffff)) << 3)));
  }
}

function keyAt(entries: usize, k: i32): u32 {
  return load<u32>(entries + ((<usize>k) << 3) + 4);
}

function finishRuns(entries: usize, total: i32, pairs: usize, sorted: usize): void {
  for (let from = 0; from < total;) {
    const key = keyAt(entries, from);
    let to = from + 1;
    while (to < total && keyAt(entries, to) === key) to++;
    const length = to - from;
    if (length > 1) {
      const runPairs = pairs + ((<usize>from) << 2);
      const runSorted = sorted + ((<usize>from) << 3);
      if (length > longRun) sortHeap(runPairs, runSorted, length);
      else insertAll(runPairs, runSorted, length);
    }
    from = to;
  }
}

function valueAt(sorted: usize, k: i32): f64 {
  return load<f64>(sorted + ((<usize>k) << 3));
}

function pairAt(pairs: usize, k: i32): u32 {
  return load<u32>(pairs + ((<usize>k) << 2));
}

function put(pairs: usize, sorted: usize, k: i32, pair: u32, value: f64): void {
  store<u32>(pairs + ((<usize>k) << 2), pair);
  store<f64>(sorted + ((<usize>k) << 3), value);
}

function insertAll(pairs: usize, sorted: usize, length: i32): void {
  for (let k = 1; k < length; k++) {
    const value = valueAt(sorted, k);
    const pair = pairAt(pairs, k);
    let place = k;
    for (; place > 0 && valueAt(sorted, place - 1) > value; place--)
      put(pairs, sorted, place, pairAt(pairs, place - 1), valueAt(sorted, place - 1));
    put(pairs, sorted, place, pair, value);
  }
}

/** Sorts by distance, then by pair. */
function sortHeap(pairs: usize, sorted: usize, length: i32): void {
  if (isAscending(sorted, length)) return;
  for (let root = (length >> 1) - 1; root >= 0; root--) sink(pairs, sorted, root, length);
  for (let last = length - 1; last > 0; last--) {
    swap(pairs, sorted, 0, last);
    sink(pairs, sorted, 0, last);
  }
}

/** Most long runs are of equal distances, which the radix sort has left in order. */
function isAscending(sorted: usize, length: i32): bool {
  for (let k = 1; k < length; k++) if (valueAt(sorted, k) < valueAt(sorted, k - 1)) return false;
  return true;
}

function sink(pairs: usize, sorted: usize, root: i32, length: i32): void {
  for (;;) {
    let largest = root;
    for (let child = 2 * root + 1; child <= 2 * root + 2 && child < length; child++)
      if (isBefore(pairs, sorted, largest, child)) largest = child;
    if (largest === root) return;
    swap(pairs, sorted, root, largest);
    root = largest;
  }
}

function isBefore(pairs: usize, sorted: usize, k: i32, l: i32): bool {
  const a = valueAt(sorted, k);
  const b = valueAt(sorted, l);
  return a < b || (a === b && pairAt(pairs, k) < pairAt(pairs, l));
}

function swap(pairs: usize, sorted: usize, k: i32, l: i32): void {
  const pair = pairAt(pairs, k);
  const value = valueAt(sorted, k);
  put(pairs, sorted, k, pairAt(pairs, l), valueAt(sorted, l));
  put(pairs, sorted, l, pair, value);
}
