/**
 * Bars of one direction as two lists of times. Invariant: as many deaths as births, none before its birth or at it, in the
 * order of the deaths.
 */

export interface Bars {
  readonly births: Float64Array;
  readonly deaths: Float64Array;
}

/** Sum of the bars' lengths. */
export function totalLength({ births, deaths }: Bars): number {
  let total = 0;
  for (let k = 0; k < births.length; k++) total += deaths[k]! - births[k]!;
  return total;
}

export const noBars: Bars = { births: new Float64Array(0), deaths: new Float64Array(0) };

/** Bars of both directions in one list, apart. @param directions 0 or 1 of each bar */
export function barsByDirection(
  births: ArrayLike<number>,
  deaths: ArrayLike<number>,
  directions: ArrayLike<number>,
  count: number,
): readonly [Bars, Bars] {
  let ofFirst = 0;
  for (let k = 0; k < count; k++) if (directions[k] === 0) ofFirst++;
  const bars = [ofFirst, count - ofFirst].map((size) => ({
    births: new Float64Array(size),
    deaths: new Float64Array(size),
  })) as [{ births: Float64Array; deaths: Float64Array }, { births: Float64Array; deaths: Float64Array }];
  const used = [0, 0];
  for (let k = 0; k < count; k++) {
    const direction = directions[k] === 0 ? 0 : 1;
    const place = used[direction]!++;
    bars[direction].births[place] = births[k]!;
    bars[direction].deaths[place] = deaths[k]!;
  }
  return bars;
}
