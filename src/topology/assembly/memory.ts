/**
 * Raw memory of the kernel: reserved from the bottom up, given back all at once. AssemblyScript, compiled by scripts/build.ts.
 * Invariant: what is reserved is aligned to 16 bytes and not cleared; running out of memory is a trap, which the host catches.
 */

/** First byte that is free. */
let top: usize = __heap_base;

const pageBits = 16;

export function mark(): usize {
  return top;
}

/** Everything after `mark` is free again; 0 frees all. */
export function release(mark: usize): void {
  top = mark === 0 ? __heap_base : mark;
}

/** Room for so many bytes. */
export function reserve(bytes: usize): usize {
  const start = (top + 15) & ~15;
  extend(start + bytes);
  return start;
}

/** Makes everything below `end` usable. */
export function extend(end: usize): void {
  const there = (<usize>memory.size()) << pageBits;
  if (end < top) unreachable();
  if (end > there) {
    const pages = <i32>((end - there + (1 << pageBits) - 1) >> pageBits);
    if (memory.grow(pages) < 0) unreachable();
  }
  top = end;
}

/** Room for so many bytes, all zero. */
export function reserveZeros(bytes: usize): usize {
  const start = reserve(bytes);
  memory.fill(start, 0, bytes);
  return start;
}

/** Entry k of a list of 32-bit integers. */
export function get(list: usize, k: i32): i32 {
  return load<i32>(list + ((<usize>k) << 2));
}

export function set(list: usize, k: i32, value: i32): void {
  store<i32>(list + ((<usize>k) << 2), value);
}

export function copyInts(to: usize, from: usize, count: i32): void {
  memory.copy(to, from, (<usize>count) << 2);
}
