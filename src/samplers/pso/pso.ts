/**
 * Particle swarm as a sampler: trial n is the next move of particle n mod particles, made from where its last finished trial
 * left it, towards the best of all trials so far: nobody waits for the swarm. Several objectives: a particle's leader is the
 * less crowded of two trade-offs (after C. Coello et al., "Handling multiple objectives with particle swarm optimization", IEEE
 * TEC 2004). A move is drawn from a stream of the study by the trial's number, so that the fold can draw it again and keep of it
 * whatever the configuration leaves open. Invariant: the swarm is a fold over the history.
 */
import { z } from "zod";
import type { Rng } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { isNumeric } from "../../core/space/domain.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { cubeOf } from "../cube.ts";
import { defineSampler } from "../entry.ts";
import { historyFold } from "../historyFold.ts";
import { holdsAgainst, withLeader } from "../leaders.ts";
import { firstNew, newcomerTest, placeOf, type Candidate } from "../proposals.ts";
import { bestFirst } from "../ranking.ts";
import { clamp, constriction, moved, type Motion, type Moving } from "./swarm.ts";

export const psoSampler = defineSampler(
  {
    kind: "pso",
    label: "Particle swarm",
    summary:
      "Particles drawn to the best places seen. For smooth numeric spaces and hundreds of cheap, parallel trials.",
    source:
      "J. Kennedy, R. Eberhart, Particle swarm optimization, ICNN 1995; M. Clerc, J. Kennedy, The particle swarm: explosion, stability, and convergence in a multidimensional complex space, IEEE Transactions on Evolutionary Computation 2002",
    options: z.strictObject({
      particles: z.int().min(2).max(10_000).default(20).describe("Configurations that move side by side."),
      inertia: z
        .number()
        .min(0)
        .lt(1)
        .default(constriction.inertia)
        .describe("Share of its velocity that a particle keeps."),
      own: z
        .number()
        .min(0)
        .max(4)
        .default(constriction.own)
        .describe("Pull to the best place a particle has seen itself."),
      swarm: z
        .number()
        .min(0)
        .max(4)
        .default(constriction.swarm)
        .describe("Pull to the best place the swarm has seen."),
      limit: z
        .number()
        .gt(0)
        .max(1)
        .default(constriction.limit)
        .describe("Largest change of a parameter in one move, as a share of its range."),
    }),
  },
  (context, { particles: size, ...motion }) => {
    const { space, objectives, isFeasible, rng: studyRng } = context;
    const feasible = feasibleSampler(space, isFeasible);
    const cube = cubeOf(space);
    const isCategory = (k: number): boolean => !isNumeric(cube.parameters[k]!);

    const learn = historyFold<Swarm>(
      () => ({
        particles: Array.from({ length: size }, () => undefined),
        places: new Map(),
        leaders: [],
        tried: new Set(),
      }),
      (swarm, trial) => {
        const place = placeOf(trial.number, size);
        const before = swarm.particles[place];
        const made = propose(swarm, trial.number, newcomerTest(swarm.tried, []));
        const position = cube.settled(made.moving.position, trial.params);
        const velocity = velocityAfter(before, made.moving, position, trial.number, motion);
        const isRanked = bestFirst([trial], objectives).length === 1;
        const isOwnBest =
          isRanked && (before?.best === undefined || holdsAgainst(trial, before.best.trial, objectives));
        const best = isOwnBest ? { position, trial } : before?.best;
        swarm.particles[place] = { position, velocity, best };
        const leaders = withLeader(swarm.leaders, trial, objectives);
        if (leaders !== swarm.leaders) {
          const known = new Map(swarm.leaders.map((leader) => [leader, swarm.places.get(leader)!]));
          swarm.leaders = leaders;
          swarm.places = new Map(leaders.map((leader) => [leader, known.get(leader) ?? position]));
        }
        swarm.tried.add(paramsKey(trial.params));
      },
    );

    const candidate = (swarm: Swarm, place: number, rng: Rng): Made => {
      const particle = swarm.particles[place];
      if (particle?.best === undefined) {
        // A velocity from the start, or the particle that leads would stand still; half way to another random point, as in M.
        // Clerc's "Standard particle swarm optimisation" (2012).
        const [position, aim] = [cube.draw(rng), cube.draw(rng)];
        const velocity = position.map((x, k) => (isCategory(k) ? 0 : clamp((aim[k]! - x) / 2, motion.limit)));
        const moving = { position, velocity };
        return { moving, params: cube.decode(moving.position), reason: `start of particle ${place + 1} of ${size}` };
      }
      // The leaders are in the order of their crowding, the roomy first.
      const count = swarm.leaders.length;
      const leader = swarm.leaders[Math.min(rng.int(count), rng.int(count))]!;
      const moving = moved(particle, particle.best.position, swarm.places.get(leader)!, isCategory, motion, rng);
      const reason = `particle ${place + 1} of ${size}, led by trial ${leader.number}`;
      return { moving, params: cube.decode(moving.position), reason };
    };

    const propose = (swarm: Swarm, number: number, isNew: (params: Params) => boolean): Made => {
      const rng = studyRng.fork(`trial ${number}`);
      const place = placeOf(number, size);
      const made = firstNew(() => candidate(swarm, place, rng), isFeasible, isNew, feasible, rng);
      if ("moving" in made) return made;
      const position = cube.settled(swarm.particles[place]?.position ?? cube.draw(rng), made.params);
      return { ...made, moving: { position, velocity: new Float64Array(position.length) } };
    };

    return {
      suggest({ history, pending, number }) {
        const swarm = learn(history);
        const { params, reason } = propose(swarm, number, newcomerTest(swarm.tried, pending));
        return { params, reason };
      },
    };
  },
);

interface Particle extends Moving {
  /** Undefined as long as none of its trials could be ranked. */
  readonly best: { readonly position: Float64Array; readonly trial: FinishedTrial } | undefined;
}

interface Swarm {
  readonly particles: (Particle | undefined)[];
  /** The best of all trials, and where in the cube each of them is. */
  leaders: readonly FinishedTrial[];
  places: ReadonlyMap<FinishedTrial, Float64Array>;
  readonly tried: Set<string>;
}

interface Made extends Candidate {
  readonly moving: Moving;
}

/**
 * The proposal's own velocity where the trial went where it was sent; where it went elsewhere (proposed from an older state, or
 * by somebody else), the way it has come.
 */
function velocityAfter(
  before: Particle | undefined,
  made: Moving,
  position: Float64Array,
  number: number,
  motion: Motion,
): Float64Array {
  if (number < 0) return new Float64Array(position.length);
  return position.map((x, k) => {
    // Not equality: a value has been through its parameter's scale and back.
    if (Math.abs(x - made.position[k]!) < 1e-6) return made.velocity[k]!;
    return before === undefined ? 0 : clamp(x - before.position[k]!, motion.limit);
  });
}
