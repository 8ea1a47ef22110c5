/**
 * Parzen estimators: mixtures of products of truncated normals, discretised normals and smoothed categories, one kernel an
 * observation plus a wide prior, or the user's. Bergstra et al., NeurIPS 2011; constants as in Optuna 5 (weights, neighbour
 * bandwidths and their clipping) with Optuna 4's multivariate bandwidth as an option. Everything lives on the unit interval.
 * Invariant: a mixture of no observation is the prior. Filling is O(n d); a density O(n d) per candidate.
 */
import { fastNormalCdf, logSqrt2Pi, normalQuantile } from "../../core/normal.ts";
import type { Rng } from "../../core/rng.ts";
import { gridCount, gridIndex, fromUnit, type NumericParameter } from "../../core/space/domain.ts";
import type { CategoricalParameter } from "../../core/space/parameter.ts";
import { beliefOf } from "../../core/space/prior.ts";
import { BinTable } from "./binTable.ts";
import type { Dimensions, Observations } from "./observations.ts";

export type Bandwidth = "neighbours" | "scott";

/** The prior's normal in one numeric dimension. */
interface Wide {
  readonly mu: number;
  readonly sigma: number;
}

/** Over the whole range: what is known without observations. */
const wholeRange: Wide = { mu: 0.5, sigma: 1 };

/**
 * Narrowest kernel on a grid, in its steps. Where trials share a grid value the neighbour's distance is 0; kernels that stay
 * within their own value would know nothing of the value beside it, and on coarse grids l and g could not be told apart.
 */
const leastSteps = 0.5;

/** Weight of the i-th oldest of n observations: the newest 25 count fully, the others on a ramp from 1/n. */
export function ageWeight(i: number, n: number): number {
  const ramp = n - 25;
  if (i >= ramp) return 1;
  return ramp === 1 ? 1 / n : 1 / n + ((1 - 1 / n) * i) / (ramp - 1);
}

/** A set of points of a group: the candidates, structure of arrays. */
export class Candidates {
  readonly count: number;
  /** candidate * continuous + dimension, on the unit interval. */
  readonly x: Float64Array;
  /** candidate * discrete + dimension: index on the grid. */
  readonly grid: Float64Array;
  /** candidate * categorical + dimension */
  readonly categories: Int32Array;

  constructor(count: number, shape: Shape) {
    this.count = count;
    this.x = new Float64Array(count * shape.continuous.length);
    this.grid = new Float64Array(count * shape.discrete.length);
    this.categories = new Int32Array(count * shape.categorical.length);
  }
}

/** The dimensions of a group, numeric ones told apart by whether they have a grid. */
export interface Shape {
  readonly dimensions: Dimensions;
  readonly continuous: readonly NumericParameter[];
  readonly discrete: readonly NumericParameter[];
  readonly categorical: readonly CategoricalParameter[];
  /** Per numeric dimension: its index among the continuous, or -1 - its index among the discrete. */
  readonly place: readonly number[];
}

export function shapeOf(dimensions: Dimensions): Shape {
  const continuous: NumericParameter[] = [];
  const discrete: NumericParameter[] = [];
  const place = dimensions.numeric.map((parameter) =>
    gridCount(parameter) === Infinity ? continuous.push(parameter) - 1 : -discrete.push(parameter),
  );
  return { dimensions, continuous, discrete, categorical: dimensions.categorical, place };
}

export class Mixture {
  readonly #shape: Shape;
  readonly #bandwidth: Bandwidth;
  /** The prior kernel, by numeric and by categorical dimension. */
  readonly #wide: readonly Wide[];
  readonly #preferred: readonly { readonly index: number; readonly odds: number }[];
  /** Kernels, the prior (the last one) included. */
  #kernels = 0;
  #capacity = 0;
  #weights = new Float64Array(0);
  #totalWeight = 0;
  /** dimension * capacity + slot */
  #mu = new Float64Array(0);
  #inverse = new Float64Array(0);
  /** Per slot: log weight and log normalisers. */
  #base = new Float64Array(0);
  #scale = new Float64Array(0);
  /** slot * discrete + dimension: which (mu, sigma) of the dimension's list. */
  #classes = new Int32Array(0);
  readonly #classMu: number[][];
  readonly #classSigma: number[][];
  #categories = new Int32Array(0);
  #slotOf = new Int32Array(0);
  #walkSlots = new Int32Array(0);
  #walkValues = new Float64Array(0);
  #walkSigmas = new Float64Array(0);

  /** @param beliefs whether the prior kernel is the users' beliefs, where they have any */
  constructor(shape: Shape, bandwidth: Bandwidth, beliefs = false) {
    this.#shape = shape;
    this.#wide = shape.dimensions.numeric.map((parameter) => {
      const belief = beliefs ? beliefOf(parameter) : undefined;
      return belief?.kind === "normal" ? { mu: belief.mean, sigma: belief.sd } : wholeRange;
    });
    this.#preferred = shape.categorical.map((parameter) => {
      const belief = beliefs ? beliefOf(parameter) : undefined;
      return belief?.kind === "choice" ? belief : { index: -1, odds: 1 };
    });
    this.#bandwidth = bandwidth;
    this.#classMu = shape.discrete.map(() => []);
    this.#classSigma = shape.discrete.map(() => []);
  }

  /**
   * Takes the first `count` of `rows` (rows of `observations`, oldest trial first) as its kernels.
   * @param weightOf weight of a row, the prior having 1; default by age
   */
  take(observations: Observations, rows: Int32Array, count: number, weightOf?: (row: number) => number): void {
    const { continuous, categorical, place } = this.#shape;
    this.#reserve(count + 1, observations.total);
    const kernels = count + 1;
    this.#kernels = kernels;
    this.#slotOf.fill(-1, 0, observations.total);
    let total = 1;
    for (let slot = 0; slot < count; slot++) {
      this.#slotOf[rows[slot]!] = slot;
      const weight = weightOf?.(rows[slot]!) ?? ageWeight(slot, count);
      this.#weights[slot] = weight;
      total += weight;
    }
    this.#weights[count] = 1;
    this.#totalWeight = total;
    this.#scale.fill(1, 0, kernels);
    this.#base.fill(-continuous.length * logSqrt2Pi, 0, kernels);

    for (let d = 0; d < place.length; d++) {
      this.#walk(observations, rows, count, d);
      const at = place[d]!;
      this.#findSigmas(count, at < 0 ? leastSteps / gridCount(this.#shape.discrete[-1 - at]!) : 0);
      if (at >= 0) this.#fillContinuous(count, at, this.#wide[d]!);
      else this.#fillDiscrete(count, -1 - at, this.#wide[d]!);
      // A product of more normalisers could leave the range of a double.
      if (d % 64 === 63) this.#foldScale();
    }

    let missed = 0;
    let prior = 0;
    categorical.forEach((parameter, d) => {
      const choices = parameter.choices.length;
      missed += Math.log(1 / kernels / (1 + choices / kernels));
      prior -= Math.log(choices - 1 + this.#preferred[d]!.odds);
    });
    const width = categorical.length;
    for (let slot = 0; slot < count; slot++) {
      this.#base[slot]! += missed + Math.log(this.#weights[slot]! / (total * this.#scale[slot]!));
      const from = rows[slot]! * width;
      for (let d = 0; d < width; d++) this.#categories[slot * width + d] = observations.categories[from + d]!;
    }
    this.#base[count]! += prior - Math.log(total * this.#scale[count]!);
    for (let d = 0; d < width; d++) this.#categories[count * width + d] = this.#preferred[d]!.index;
  }

  /** Sigmas of one numeric dimension, for tests and reports: observations oldest first, the prior last; fractions of the range. */
  sigmas(dimension: number): number[] {
    const at = this.#shape.place[dimension]!;
    const width = this.#shape.discrete.length;
    return Array.from({ length: this.#kernels }, (_, slot) =>
      at >= 0
        ? 1 / this.#inverse[at * this.#capacity + slot]!
        : this.#classSigma[-1 - at]![this.#classes[slot * width - 1 - at]!]!,
    );
  }

  /** Draws points; numbers on a grid are rounded to it, so that they are judged as they will be run. O(d) a point. */
  sample(rng: Rng, count: number): Candidates {
    const { continuous, discrete, categorical } = this.#shape;
    const out = new Candidates(count, this.#shape);
    for (let c = 0; c < count; c++) {
      let rest = rng.next() * this.#totalWeight;
      let slot = 0;
      while (slot < this.#kernels - 1 && (rest -= this.#weights[slot]!) >= 0) slot += 1;
      for (let d = 0; d < continuous.length; d++) {
        const at = d * this.#capacity + slot;
        const u = truncatedNormal(this.#mu[at]!, 1 / this.#inverse[at]!, rng.next());
        out.x[c * continuous.length + d] = u;
      }
      for (let d = 0; d < discrete.length; d++) {
        const kind = this.#classes[slot * discrete.length + d]!;
        const u = truncatedNormal(this.#classMu[d]![kind]!, this.#classSigma[d]![kind]!, rng.next());
        out.grid[c * discrete.length + d] = gridIndex(discrete[d]!, fromUnit(discrete[d]!, u));
      }
      for (let d = 0; d < categorical.length; d++) {
        const choices = categorical[d]!.choices.length;
        const own = this.#categories[slot * categorical.length + d]!;
        // A kernel is its own category with weight 1 mixed with the uniform one with weight choices / kernels.
        const { odds } = this.#preferred[d]!;
        const share =
          slot === this.#kernels - 1 ? (odds - 1) / (choices - 1 + odds) : 1 / (1 + choices / this.#kernels);
        const keep = own >= 0 && rng.next() < share;
        out.categories[c * categorical.length + d] = keep ? own : rng.int(choices);
      }
    }
    return out;
  }

  /** Log density (mass, on grids and categories) at each candidate, on the unit cube. O(kernels * candidates * d). */
  logDensity(points: Candidates): Float64Array {
    const { at } = this.densities(points);
    return Float64Array.from({ length: points.count }, (_, c) => at(c));
  }

  /** The same, worked out one by one: `at` in O(kernels * d), `floor` a lower bound of it (the prior's part) in O(d). */
  densities(points: Candidates): { readonly at: (c: number) => number; readonly floor: (c: number) => number } {
    const { discrete } = this.#shape;
    const tables = discrete.map((parameter, d) => {
      const indices = Array.from({ length: points.count }, (_, c) => points.grid[c * discrete.length + d]!);
      return new BinTable(parameter, this.#classMu[d]!, this.#classSigma[d]!, indices);
    });
    const prior = this.#kernels - 1;
    const categoriesOnly = this.#shape.continuous.length === 0 && discrete.length === 0;
    return {
      at: (c) => (categoriesOnly ? this.#logMassOf(points, c) : this.#logDensityOf(points, c, tables, 0)),
      floor: (c) => this.#logDensityOf(points, c, tables, prior),
    };
  }

  /** Of one candidate, by the kernels from `lowest` on. A function of its own, since a loop over all of them is compiled anew with every exit from it. */
  #logDensityOf(points: Candidates, c: number, tables: readonly BinTable[], lowest: number): number {
    const { x, categories } = points;
    const cont = this.#shape.continuous.length;
    const cats = this.#shape.categorical.length;
    const grids = tables.length;
    const mu = this.#mu;
    const inverse = this.#inverse;
    const base = this.#base;
    const stride = this.#capacity;
    const classes = this.#classes;
    const own = this.#categories;
    const hit = Math.log(this.#kernels + 1);
    const prior = this.#kernels - 1;
    const first = cont > 0 ? x[c * cont]! : 0;
    let top = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let slack = Number.POSITIVE_INFINITY;
    // The prior comes first: it is a floor under every density, below which most kernels fall within a dimension or two.
    for (let slot = prior; slot >= lowest; slot--) {
      // What a kernel may still lose: terms below e^-36 of the largest do not change the first ten digits.
      const limit = 2 * base[slot]! + slack;
      let quadratic = 0;
      if (cont > 0) {
        const z = (first - mu[slot]!) * inverse[slot]!;
        quadratic = z * z;
      }
      if (quadratic > limit) continue;
      for (let d = 1; d < cont && quadratic <= limit; d++) {
        const z = (x[c * cont + d]! - mu[d * stride + slot]!) * inverse[d * stride + slot]!;
        quadratic += z * z;
      }
      for (let d = 0; d < grids && quadratic <= limit; d++) {
        quadratic -= 2 * tables[d]!.at(classes[slot * grids + d]!, c);
      }
      if (quadratic > limit) continue;
      let log = base[slot]! - 0.5 * quadratic;
      for (let d = 0; d < cats; d++)
        if (own[slot * cats + d] === categories[c * cats + d])
          log += slot === prior ? Math.log(this.#preferred[d]!.odds) : hit;
      if (log > top) {
        sum = sum * Math.exp(top - log) + 1;
        top = log;
        slack = 2 * (cats * hit - top + 36);
      } else sum += Math.exp(log - top);
    }
    return top + Math.log(sum);
  }

  /** The same for a group of categories alone: kernels with equally many hits have equal masses, up to their weights. */
  #logMassOf({ categories }: Candidates, c: number): number {
    const cats = this.#shape.categorical.length;
    const own = this.#categories;
    const prior = this.#kernels - 1;
    const byHits = new Float64Array(cats + 1);
    for (let slot = 0; slot < prior; slot++) {
      let hits = 0;
      // 1 where equal, without a branch that chance would mislead.
      for (let d = 0; d < cats; d++) hits += ((own[slot * cats + d]! ^ categories[c * cats + d]!) - 1) >>> 31;
      byHits[hits]! += this.#weights[slot]!;
    }
    let log = this.#base[prior]!;
    for (let d = 0; d < cats; d++)
      if (own[prior * cats + d] === categories[c * cats + d]) log += Math.log(this.#preferred[d]!.odds);
    // What all kernels share.
    const base = prior === 0 ? 0 : this.#base[0]! - Math.log(this.#weights[0]!);
    const hit = Math.log(this.#kernels + 1);
    let top = log;
    for (let hits = 0; hits <= cats; hits++)
      if (byHits[hits]! > 0) top = Math.max(top, base + hits * hit + Math.log(byHits[hits]!));
    let sum = Math.exp(log - top);
    for (let hits = 0; hits <= cats; hits++)
      if (byHits[hits]! > 0) sum += byHits[hits]! * Math.exp(base + hits * hit - top);
    return top + Math.log(sum);
  }

  /** Puts the kernels of one numeric dimension in the order of their coordinate into the walk buffers. */
  #walk(observations: Observations, rows: Int32Array, count: number, d: number): void {
    const stride = this.#shape.dimensions.numeric.length;
    const { coordinates } = observations;
    const slots = this.#walkSlots;
    const values = this.#walkValues;
    const few: number[] = [];
    if (count * 4 < observations.count) {
      for (let slot = 0; slot < count; slot++) few.push(rows[slot]!);
    } else
      for (let row = observations.count; row < observations.total; row++) if (this.#slotOf[row]! >= 0) few.push(row);
    few.sort((a, b) => coordinates[a * stride + d]! - coordinates[b * stride + d]! || a - b);

    const order = observations.order[d]!;
    const sorted = observations.sorted[d]!;
    const slotOf = this.#slotOf;
    const end = count * 4 < observations.count ? 0 : observations.count;
    let next = 0;
    let filled = 0;
    let extra = few.length > 0 ? coordinates[few[0]! * stride + d]! : Infinity;
    for (let i = 0; i <= end; i++) {
      const slot = i < end ? slotOf[order[i]!]! : 0;
      if (slot < 0) continue;
      const value = i < end ? sorted[i]! : Infinity;
      for (; extra < value; next++, extra = next < few.length ? coordinates[few[next]! * stride + d]! : Infinity) {
        slots[filled] = slotOf[few[next]!]!;
        values[filled++] = extra;
      }
      if (i === end) break;
      slots[filled] = slot;
      values[filled++] = value;
    }
  }

  /** Sigmas of the walk: the larger gap to a neighbour, clipped; the ends have one neighbour only. */
  #findSigmas(count: number, narrowest: number): void {
    const values = this.#walkValues;
    const sigmas = this.#walkSigmas;
    const least = Math.max(narrowest, 1 / Math.min(100, count + 2));
    if (this.#bandwidth === "scott") {
      const { numeric, categorical } = this.#shape.dimensions;
      const scott = 0.2 * Math.max(count, 1) ** (-1 / (numeric.length + categorical.length + 4));
      sigmas.fill(Math.min(1, Math.max(least, scott)), 0, count);
      return;
    }
    let left = count > 1 ? 0 : values[0]!;
    for (let i = 0; i < count; i++) {
      const right = i < count - 1 ? values[i + 1]! - values[i]! : count > 1 ? 0 : 1 - values[i]!;
      const gap = left > right ? left : right;
      sigmas[i] = gap < least ? least : gap;
      left = right;
    }
  }

  #fillContinuous(count: number, at: number, wide: Wide): void {
    const slots = this.#walkSlots;
    const values = this.#walkValues;
    const sigmas = this.#walkSigmas;
    const mus = this.#mu;
    const inverses = this.#inverse;
    const scale = this.#scale;
    const from = at * this.#capacity;
    for (let i = 0; i <= count; i++) {
      const prior = i === count;
      const slot = prior ? count : slots[i]!;
      const mu = prior ? wide.mu : values[i]!;
      const sigma = prior ? wide.sigma : sigmas[i]!;
      const inverse = 1 / sigma;
      mus[from + slot] = mu;
      inverses[from + slot] = inverse;
      // Far from both ends nothing is cut off.
      const inside = mu > 8.5 * sigma && 1 - mu > 8.5 * sigma;
      scale[slot]! *= inside ? sigma : sigma * (fastNormalCdf((1 - mu) * inverse) - fastNormalCdf(-mu * inverse));
    }
  }

  #fillDiscrete(count: number, at: number, wide: Wide): void {
    const width = this.#shape.discrete.length;
    const mus = this.#classMu[at]!;
    const sigmas = this.#classSigma[at]!;
    mus.length = 0;
    sigmas.length = 0;
    for (let i = 0; i < count; i++) {
      const mu = this.#walkValues[i]!;
      const sigma = this.#walkSigmas[i]!;
      const last = mus.length - 1;
      // The walk is sorted: equal kernels are neighbours and share a row of the table.
      if (last < 0 || mus[last] !== mu || sigmas[last] !== sigma) {
        mus.push(mu);
        sigmas.push(sigma);
      }
      this.#classes[this.#walkSlots[i]! * width + at] = mus.length - 1;
    }
    mus.push(wide.mu);
    sigmas.push(wide.sigma);
    this.#classes[count * width + at] = mus.length - 1;
  }

  #foldScale(): void {
    for (let slot = 0; slot < this.#kernels; slot++) {
      this.#base[slot]! -= Math.log(this.#scale[slot]!);
      this.#scale[slot] = 1;
    }
  }

  #reserve(kernels: number, rows: number): void {
    if (rows > this.#slotOf.length) this.#slotOf = new Int32Array(2 * rows);
    if (kernels <= this.#capacity) return;
    const { continuous, discrete, categorical } = this.#shape;
    const size = 2 * kernels;
    this.#capacity = size;
    this.#weights = new Float64Array(size);
    this.#mu = new Float64Array(size * continuous.length);
    this.#inverse = new Float64Array(size * continuous.length);
    this.#base = new Float64Array(size);
    this.#scale = new Float64Array(size);
    this.#classes = new Int32Array(size * discrete.length);
    this.#categories = new Int32Array(size * categorical.length);
    this.#walkSlots = new Int32Array(size);
    this.#walkValues = new Float64Array(size);
    this.#walkSigmas = new Float64Array(size);
  }
}

/** The `u`-quantile of a normal truncated to [0, 1]. */
function truncatedNormal(mu: number, sigma: number, u: number): number {
  const low = fastNormalCdf(-mu / sigma);
  const high = fastNormalCdf((1 - mu) / sigma);
  const x = mu + sigma * normalQuantile(low + u * (high - low));
  return x > 0 ? Math.min(1, x) : 0;
}
