/** The bars of one direction for a view. Invariant: the longest come first, and sums are of all of them. */
import type { BarcodeColumns } from "../../protocol/topology.ts";
import type { DirectedDivergence } from "../../topology/rtd.ts";

/** Bars that are sent. */
const mostBars = 2000;

/** O(n log n). */
export function barcodeColumns({ births, deaths, total, lite }: DirectedDivergence): BarcodeColumns {
  const order = Array.from(births, (_, bar) => bar).toSorted(
    (a, b) => deaths[b]! - births[b]! - (deaths[a]! - births[a]!) || births[a]! - births[b]!,
  );
  const shown = order.slice(0, mostBars);
  return {
    births: Float64Array.from(shown, (bar) => births[bar]!),
    deaths: Float64Array.from(shown, (bar) => deaths[bar]!),
    total,
    lite,
    bars: order.length,
  };
}
