/**
 * Hypervolume: the volume that a set of points dominates within a reference point, all objectives minimised. Exact: a sweep
 * for two objectives, the algorithm of the Walking Fish Group for more (While, Bradstreet & Barone, IEEE Trans. Evolutionary
 * Computation 16, 2012). Invariant: points with a coordinate that is not below the reference (or not a number) add nothing.
 */

/** One value an objective. */
export type Point = readonly number[];

/** Whether a point is below the reference in every objective, and so dominates a volume. */
function isInside(point: Point, reference: Point): boolean {
  return point.every((value, m) => value < reference[m]! && value > Number.NEGATIVE_INFINITY);
}

/** O(n log n) for two objectives; exponential in the objectives at worst, quick for the fronts of a study. */
export function hypervolume(points: readonly Point[], reference: Point): number {
  return volumeOf(
    points.filter((point) => isInside(point, reference)),
    reference,
  );
}

/** For each point, the volume that it alone dominates: 0 for dominated points and for one of two equal points (both). */
export function hypervolumeContributions(points: readonly Point[], reference: Point): number[] {
  return points.map((point, index) =>
    hypervolumeGain(
      point,
      points.filter((_, other) => other !== index),
      reference,
    ),
  );
}

/** What `point` adds to the volume of `others`. */
export function hypervolumeGain(point: Point, others: readonly Point[], reference: Point): number {
  if (!isInside(point, reference)) return 0;
  return Math.max(0, boxOf(point, reference) - volumeOf(limited(point, others), reference));
}

/**
 * Indices of `count` points whose volume together is large: greedily the one that adds most, within 1 - 1/e of the best
 * subset (Nemhauser et al. 1978), each gain worked out again only when it could be the largest. Ties go to the earlier point.
 * In order of choice; points that add nothing come last, in their own order.
 */
export function hypervolumeSubset(points: readonly Point[], count: number, reference: Point): number[] {
  const gains = points.map((point) => (isInside(point, reference) ? boxOf(point, reference) : 0));
  // Of how many chosen points a gain knows: the volume is submodular, so an old gain is an upper bound.
  const known = new Int32Array(points.length);
  const chosen: number[] = [];
  const taken = new Uint8Array(points.length);
  const members: Point[] = [];
  while (chosen.length < Math.min(count, points.length)) {
    let best = -1;
    for (;;) {
      best = -1;
      for (let i = 0; i < points.length; i++) {
        if (taken[i] === 0 && (best < 0 || gains[i]! > gains[best]!)) best = i;
      }
      if (known[best] === chosen.length || gains[best] === 0) break;
      gains[best] = hypervolumeGain(points[best]!, members, reference);
      known[best] = chosen.length;
    }
    taken[best] = 1;
    chosen.push(best);
    members.push(points[best]!);
  }
  return chosen;
}

/** The reference that multi-objective TPE uses: the worst value of each objective, a tenth further out; never on the point. */
export function worstReference(points: readonly Point[]): number[] {
  const width = points[0]?.length ?? 0;
  return Array.from({ length: width }, (_, m) => {
    let worst = Number.NEGATIVE_INFINITY;
    for (const point of points) if (Number.isFinite(point[m])) worst = Math.max(worst, point[m]!);
    if (worst === Number.NEGATIVE_INFINITY) return 1;
    return Math.max(1.1 * worst, 0.9 * worst) || Number.EPSILON;
  });
}

function boxOf(point: Point, reference: Point): number {
  let volume = 1;
  for (let m = 0; m < reference.length; m++) volume *= reference[m]! - point[m]!;
  return volume;
}

/** Every other point moved into the box of `point`, dominated ones left out. */
function limited(point: Point, others: readonly Point[]): Point[] {
  const moved = others.map((other) => other.map((value, m) => Math.max(value, point[m]!)));
  return undominated(moved);
}

function undominated(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  const sorted = points.toSorted((a, b) => compare(a, b));
  for (const point of sorted) {
    // In lexicographic order nothing later dominates; equal points are kept once.
    if (!kept.some((other) => other.every((value, m) => value <= point[m]!))) kept.push(point);
  }
  return kept;
}

function compare(a: Point, b: Point): number {
  for (let m = 0; m < a.length; m++) if (a[m] !== b[m]) return a[m]! < b[m]! ? -1 : 1;
  return 0;
}

function volumeOf(points: readonly Point[], reference: Point): number {
  const inside = points.filter((point) => isInside(point, reference));
  if (inside.length === 0) return 0;
  if (reference.length === 1) return reference[0]! - Math.min(...inside.map((point) => point[0]!));
  if (reference.length === 2) return sweep(inside, reference);
  // The worst in the last objective first: what limits the later ones is then flat there, and loses an objective.
  const order = undominated(inside).toSorted((a, b) => b.at(-1)! - a.at(-1)!);
  let sum = 0;
  for (let i = 0; i < order.length; i++) {
    const point = order[i]!;
    const depth = reference.at(-1)! - point.at(-1)!;
    // All later points reach at least as deep, so within this box they fill its whole depth.
    const rest = limited(
      point.slice(0, -1),
      order.slice(i + 1).map((other) => other.slice(0, -1)),
    );
    const flat = reference.slice(0, -1);
    sum += depth * (boxOf(point.slice(0, -1), flat) - volumeOf(rest, flat));
  }
  return sum;
}

function sweep(points: readonly Point[], reference: Point): number {
  const sorted = points.toSorted((a, b) => compare(a, b));
  let area = 0;
  let floor = reference[1]!;
  for (const [x, y] of sorted) {
    if (y! >= floor) continue;
    area += (reference[0]! - x!) * (floor - y!);
    floor = y!;
  }
  return area;
}
