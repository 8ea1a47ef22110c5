/**
 * Particle swarm, the movement alone: inertia and two pulls, to the particle's own best place and to the swarm's.
 * Sources: J. Kennedy and R. Eberhart, "Particle swarm optimization" (ICNN 1995); constants of M. Clerc and J. Kennedy, "The
 * particle swarm: explosion, stability, and convergence in a multidimensional complex space" (IEEE TEC 2002); absorbing walls
 * as in J. Robinson and Y. Rahmat-Samii (IEEE TAP 2004). Invariant: positions stay in the unit cube, velocities under the limit.
 */
import type { Rng } from "../../core/rng.ts";

/** Constriction 0.72984 for c1 = c2 = 2.05, in the form with an inertia weight: w = chi, c = chi * 2.05. */
export const constriction = { inertia: 0.7298, own: 1.49618, swarm: 1.49618, limit: 0.2 } as const;

export interface Motion {
  readonly inertia: number;
  /** Pull to the particle's own best position. */
  readonly own: number;
  /** Pull to the best position of the swarm. */
  readonly swarm: number;
  /** Largest change of a coordinate in one move. */
  readonly limit: number;
}

export interface Moving {
  readonly position: Float64Array;
  readonly velocity: Float64Array;
}

/**
 * The next position and velocity. O(dimension).
 * @param isCategory coordinates without an order: each keeps its value, or takes that of the particle's or the swarm's best
 *   position, with probabilities inertia : own : swarm
 */
export function moved(
  { position, velocity }: Moving,
  own: Float64Array,
  swarm: Float64Array,
  isCategory: (k: number) => boolean,
  motion: Motion,
  rng: Rng,
): Moving {
  const next = position.slice();
  const speed = velocity.slice();
  for (let k = 0; k < next.length; k++) {
    const x = position[k]!;
    const [r1, r2] = [rng.next(), rng.next()];
    if (isCategory(k)) {
      const pick = r1 * (motion.inertia + motion.own + motion.swarm);
      next[k] = pick < motion.inertia ? x : pick < motion.inertia + motion.own ? own[k]! : swarm[k]!;
      speed[k] = 0;
      continue;
    }
    const pulled =
      motion.inertia * velocity[k]! + motion.own * r1 * (own[k]! - x) + motion.swarm * r2 * (swarm[k]! - x);
    speed[k] = clamp(pulled, motion.limit);
    next[k] = x + speed[k]!;
    if (next[k]! >= 0 && next[k]! <= 1) continue;
    next[k] = next[k]! < 0 ? 0 : 1;
    speed[k] = 0;
  }
  return { position: next, velocity: speed };
}

/** `value` within +- limit. */
export function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
