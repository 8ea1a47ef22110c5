/**
 * Which learning curves are drawn when there are more than a picture can hold. Pure.
 * Invariant: the same trials in, the same curves out; a sample stays a sample of the same trials while others come and go.
 */

/** Curves drawn at most. */
export const curveLimit = 300;
/** Of which the best, and of which at most so many selected. */
const bestShare = 100;
const selectedShare = 100;

export interface CurveChoice {
  /** Trial numbers, increasing. */
  readonly numbers: readonly number[];
  /** Shown trials with reports, drawn or not. */
  readonly candidates: number;
}

/** Spreads trial numbers evenly over 32 bits (finaliser of MurmurHash3), so that the smallest make a fair sample. */
function scatter(n: number): number {
  let h = n ^ 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export interface CurveCandidates {
  readonly number: Int32Array;
  readonly lastStep: Float64Array;
  readonly filtered: Uint8Array;
  readonly bestFirst: Int32Array;
  readonly selectedRows: Int32Array;
}

/** Selected, then best, then an even sample of the rest. O(n log n) only when there are too many. */
export function chooseCurves({ number, lastStep, filtered, bestFirst, selectedRows }: CurveCandidates): CurveChoice {
  const has = (row: number): boolean => filtered[row] === 1 && !Number.isNaN(lastStep[row]!);
  const candidates: number[] = [];
  for (let row = 0; row < number.length; row++) if (has(row)) candidates.push(row);
  if (candidates.length <= curveLimit)
    return { numbers: candidates.map((row) => number[row]!), candidates: candidates.length };
  const chosen = new Set<number>();
  for (const row of selectedRows) if (has(row) && chosen.size < selectedShare) chosen.add(row);
  let best = 0;
  for (const row of bestFirst) {
    if (best === bestShare) break;
    if (!has(row)) continue;
    chosen.add(row);
    best++;
  }
  const rest = candidates.filter((row) => !chosen.has(row)).sort((a, b) => scatter(number[a]!) - scatter(number[b]!));
  for (const row of rest) {
    if (chosen.size >= curveLimit) break;
    chosen.add(row);
  }
  return { numbers: [...chosen].map((row) => number[row]!).sort((a, b) => a - b), candidates: candidates.length };
}
