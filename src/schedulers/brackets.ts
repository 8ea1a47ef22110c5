/**
 * Hyperband's brackets: how many configurations start with how little, and how many go on at each rung.
 * Source: L. Li et al., "Hyperband" (JMLR 2018). Its algorithm 1 and its table 1 round differently; both are here.
 * Invariant: the number of brackets is found by multiplying, never by a quotient of logarithms, which floating point gets
 * wrong (1000 and 10 make 4 brackets, not 3).
 */

export interface Rung {
  /** Configurations that reach it. */
  readonly configurations: number;
  /** What each of them has been given by then, in steps; not rounded. */
  readonly resource: number;
}

export interface Bracket {
  /** How often its first configurations are thinned out. */
  readonly s: number;
  /** From the least resource to the most. */
  readonly rungs: readonly Rung[];
}

export interface BracketOptions {
  /** Steps of a full training. */
  readonly maximum: number;
  /** Steps at the lowest rung of all. */
  readonly minimum: number;
  /** One in eta goes on; above 1. */
  readonly eta: number;
  /** `algorithm`: ceil((s_max + 1) eta^s / (s + 1)) configurations; `table`: floor((s_max + 1) / (s + 1)) eta^s. */
  readonly rounding: "algorithm" | "table";
}

/** Room for rounding in products of powers. */
const tolerance = 1e-9;

/** The largest s with minimum eta^s at most maximum: one less than there are brackets. */
export function mostHalvings({ maximum, minimum, eta }: Pick<BracketOptions, "maximum" | "minimum" | "eta">): number {
  let s = 0;
  while (minimum * eta ** (s + 1) <= maximum * (1 + tolerance)) s++;
  return s;
}

/** The brackets of one round of Hyperband, the one that starts with the least first. O(s_max^2). */
export function hyperbandBrackets(options: BracketOptions): Bracket[] {
  const { eta, rounding } = options;
  const most = mostHalvings(options);
  return Array.from({ length: most + 1 }, (_, index) => {
    const s = most - index;
    const configurations =
      rounding === "algorithm"
        ? Math.ceil(((most + 1) * eta ** s) / (s + 1) - tolerance)
        : Math.floor((most + 1) / (s + 1)) * Math.floor(eta ** s + tolerance);
    return halvingBracket(configurations, s, options);
  });
}

/** Successive halving from so many configurations through s + 1 rungs, the last with the full resource. O(s). */
export function halvingBracket(
  configurations: number,
  s: number,
  { maximum, eta }: Pick<BracketOptions, "maximum" | "eta">,
): Bracket {
  const rungs: Rung[] = [];
  let left = configurations;
  for (let k = 0; k <= s && left > 0; k++) {
    rungs.push({ configurations: left, resource: maximum / eta ** (s - k) });
    left = Math.floor(left / eta + tolerance);
  }
  return { s, rungs };
}

/** Steps that a bracket trains for: each configuration from where it stopped, or each time from the beginning. */
export function bracketCost({ rungs }: Bracket, from: "checkpoint" | "beginning"): number {
  return rungs.reduce((sum, { configurations, resource }, k) => {
    const done = from === "checkpoint" ? (rungs[k - 1]?.resource ?? 0) : 0;
    return sum + configurations * (resource - done);
  }, 0);
}
