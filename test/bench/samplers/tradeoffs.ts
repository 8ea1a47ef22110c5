/**
 * Objectives with several values and a known front of trade-offs: ZDT1 and ZDT2 (E. Zitzler, K. Deb, L. Thiele 2000), DTLZ2 with
 * three objectives (K. Deb et al. 2002), and a network's error against its cost on a space as people search it.
 * Invariant: everything is minimised and deterministic; `reference` is what hypervolumes are measured against.
 */
import type { Params, Space } from "../../../src/core/space/parameter.ts";

export interface TradeOff {
  readonly name: string;
  readonly space: Space;
  readonly reference: readonly number[];
  /** Hypervolume of the whole front. */
  readonly hypervolume: number;
  readonly evaluate: (params: Params) => readonly number[];
}

const unit = (count: number): Space =>
  Array.from({ length: count }, (_, i) => ({ name: `x${i}`, type: "float", low: 0, high: 1, log: false }));
const at = (params: Params, i: number): number => Number(params[`x${i}`]);

/** ZDT's distance from the front, 1 on it. */
function distance(params: Params, count: number): number {
  let sum = 0;
  for (let i = 1; i < count; i++) sum += at(params, i);
  return 1 + (9 * sum) / (count - 1);
}

const zdtCount = 5;
const dtlzCount = 5;

export const tradeOffs: readonly TradeOff[] = [
  {
    name: "zdt1",
    space: unit(zdtCount),
    reference: [1.1, 1.1],
    // The area above f2 = 1 - sqrt(f1), and the strip beyond f1 = 1.
    hypervolume: 0.1 + 2 / 3 + 0.11,
    evaluate: (params) => {
      const g = distance(params, zdtCount);
      return [at(params, 0), g * (1 - Math.sqrt(at(params, 0) / g))];
    },
  },
  {
    name: "zdt2",
    space: unit(zdtCount),
    reference: [1.1, 1.1],
    hypervolume: 0.1 + 1 / 3 + 0.11,
    evaluate: (params) => {
      const g = distance(params, zdtCount);
      return [at(params, 0), g * (1 - (at(params, 0) / g) ** 2)];
    },
  },
  {
    name: "dtlz2",
    space: unit(dtlzCount),
    reference: [1.1, 1.1, 1.1],
    // Everything up to the reference but an eighth of the unit ball.
    hypervolume: 1.1 ** 3 - Math.PI / 6,
    evaluate: (params) => {
      let g = 0;
      for (let i = 2; i < dtlzCount; i++) g += (at(params, i) - 0.5) ** 2;
      const [a, b] = [(at(params, 0) * Math.PI) / 2, (at(params, 1) * Math.PI) / 2];
      return [(1 + g) * Math.cos(a) * Math.cos(b), (1 + g) * Math.cos(a) * Math.sin(b), (1 + g) * Math.sin(a)];
    },
  },
  {
    name: "error and cost",
    space: [
      { name: "optimizer", type: "categorical", choices: ["sgd", "adam", "rmsprop"] },
      { name: "lr", type: "float", low: 1e-5, high: 1, log: true },
      { name: "width", type: "int", low: 8, high: 1024, log: true },
      { name: "layers", type: "int", low: 1, high: 6, log: false },
    ],
    reference: [1, 1],
    hypervolume: errorAndCostVolume(),
    evaluate: errorAndCost,
  },
];

/** Wide nets err less and cost more; the best learning rate depends on the optimizer. Both within about [0, 1.5]. */
function errorAndCost(params: Params): readonly [number, number] {
  const width = Math.log2(Number(params["width"])) / 10;
  const layers = Number(params["layers"]);
  const best = { sgd: -1, adam: -3, rmsprop: -3.5 }[String(params["optimizer"])]!;
  const missed = (Math.log10(Number(params["lr"])) - best) ** 2 / 10;
  const penalty = { sgd: 0.05, adam: 0, rmsprop: 0.02 }[String(params["optimizer"])]!;
  const capacity = width * (1 - 0.5 ** layers);
  return [0.8 * (1 - capacity) + missed + penalty, width ** 2 * (0.4 + 0.1 * layers)];
}

/** The front's hypervolume by enumeration: at the best learning rate with Adam only widths and layers are left. */
function errorAndCostVolume(): number {
  const points: (readonly [number, number])[] = [];
  for (let width = 8; width <= 1024; width++) {
    for (let layers = 1; layers <= 6; layers++)
      points.push(errorAndCost({ optimizer: "adam", lr: 1e-3, width, layers }));
  }
  points.sort((a, b) => a[0] - b[0]);
  let volume = 0;
  let lowest = 1;
  for (const [error, cost] of points) {
    if (error >= 1 || cost >= lowest) continue;
    volume += (1 - error) * (lowest - cost);
    lowest = cost;
  }
  return volume;
}

/**
 * The volume between points and a reference, by cutting along the last objective and adding up the slices. Written for
 * being right, apart from the sampler's own, which it judges. O(n^m log n).
 */
export function hypervolumeBySlices(points: readonly (readonly number[])[], reference: readonly number[]): number {
  const inside = points.filter((point) => point.every((value, k) => value < reference[k]!));
  const last = reference.length - 1;
  if (last === 0) return inside.length === 0 ? 0 : reference[0]! - Math.min(...inside.map((point) => point[0]!));
  const cuts = inside.toSorted((a, b) => a[last]! - b[last]!);
  let volume = 0;
  for (const [i, cut] of cuts.entries()) {
    const thickness = (cuts[i + 1]?.[last] ?? reference[last]!) - cut[last]!;
    if (thickness === 0) continue;
    const below = cuts.slice(0, i + 1).map((point) => point.slice(0, last));
    volume += thickness * hypervolumeBySlices(below, reference.slice(0, last));
  }
  return volume;
}
