/**
 * R-Cross-Barcodes of two embeddings, by the kernel where there is one; walk.ts explains the mathematics.
 * Invariant: a function of its arguments; the kernel and plain TypeScript give the same bars.
 */
import { BasinError } from "../core/errors.ts";
import type { Bars } from "./bars.ts";
import { isTrap, sharedKernel, type Kernel } from "./kernel.ts";
import type { Preparation } from "./preparation.ts";
import { TypeScriptWalk, type Walk } from "./walk.ts";

export interface WalkOptions {
  /** Told every few milliseconds what share is done; what it throws ends the computation and is thrown. */
  readonly onProgress?: (share: number) => void;
}

/** A few milliseconds of work. */
const eventsAtOnce = 20_000;

/**
 * Bars of H1(R(min), R(a)) and of H1(R(min), R(b)), each in the order of their deaths, times in units of each cloud's own
 * 0.9-quantile. About n^2.5 operations as observed, and 130 bytes a pair of points.
 * @throws BasinError `invalid-argument` for different numbers of points
 */
export function crossBarcodes(a: Preparation, b: Preparation, options: WalkOptions = {}): readonly [Bars, Bars] {
  requireSameCount(a, b);
  const kernel = sharedKernel();
  return (kernel && byKernel(kernel, a, b, options)) ?? finish(new TypeScriptWalk(a, b), options);
}

/** Undefined when the kernel has no room for it. */
function byKernel(
  kernel: Kernel,
  a: Preparation,
  b: Preparation,
  options: WalkOptions,
): readonly [Bars, Bars] | undefined {
  let walk: Walk | undefined;
  try {
    walk = kernel.startWalk(a, b);
    return walk && finish(walk, options);
  } catch (error) {
    if (!isTrap(error)) throw error;
    kernel.isSpoilt = true;
    return undefined;
  } finally {
    if (walk !== undefined) kernel.endWalk();
  }
}

function finish(walk: Walk, { onProgress }: WalkOptions): readonly [Bars, Bars] {
  while (!walk.advance(eventsAtOnce)) onProgress?.(walk.progress());
  return walk.bars();
}

/** @throws BasinError `invalid-argument` for different numbers of points */
export function requireSameCount(a: { readonly count: number }, b: { readonly count: number }): void {
  if (a.count === b.count) return;
  throw new BasinError(
    "invalid-argument",
    `The embeddings have ${a.count} and ${b.count} points.`,
    "RTD compares two embeddings of the same samples: the same rows in the same order.",
  );
}
