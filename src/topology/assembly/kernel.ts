/**
 * What the kernel offers to src/topology/kernel.ts. AssemblyScript: compiled by `npm run build` into src/topology/kernelBytes.ts.
 * Invariant: the host reserves memory, fills it, calls, reads and releases; pointers are bytes from the start of the memory.
 */
import { barBirths, barCount, barDeaths, barDirections } from "./classes";
export { mark, release, reserve } from "./memory";
export { advance, progress, start } from "./walk";
export { distances } from "./distances";
export { order } from "./order";

/** Bars so far. Of each, births and deaths are float64 and directions are bytes. */
export function bars(): i32 {
  return barCount;
}

export function births(): usize {
  return barBirths;
}

export function deaths(): usize {
  return barDeaths;
}

export function directions(): usize {
  return barDirections;
}
