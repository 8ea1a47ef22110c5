/**
 * The evolution of DEHB: a population for each rung of the scheduler's ladder. The lowest rung evolves by itself; above it a
 * place is first filled by the best of the next lower rung, and then bred against from differences of that rung's best; whoever
 * is no worse takes a place at once.
 * N. Awad, N. Mallik and F. Hutter, "DEHB: Evolutionary Hyperband for Scalable, Robust and Efficient Hyperparameter Optimization"
 * (IJCAI 2021), section 4, in its asynchronous form. Invariant: the populations are a fold over the history; as in `de`, each
 * trial's proposal can be drawn again from a stream of the study by the trial's number.
 */
import { z } from "zod";
import type { Rng } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { lossAt } from "../bohb/budgets.ts";
import { cubeOf } from "../cube.ts";
import {
  crossed,
  emptyPopulation,
  mayEnter,
  mutantOf,
  threeParents,
  withMember,
  type Member,
  type Population,
} from "../differentialEvolution/operators.ts";
import { moveOptions, populationOption, type Bred } from "../differentialEvolution/options.ts";
import { defineSampler } from "../entry.ts";
import { historyFold } from "../historyFold.ts";
import { firstNew, newcomerTest, placeOf } from "../proposals.ts";
import { dominates, lossesOf, order } from "../ranking.ts";
import { fullRung, ladderOf, rungOfTrial, type Ladder } from "../rungs.ts";
import { populationSize } from "./populationSize.ts";

/** What a trial came to on a rung. */
interface Result {
  readonly trial: FinishedTrial;
  /** One an objective on the full rung, that of the first objective below. */
  readonly losses: readonly number[];
}

interface State {
  readonly populations: Map<number, Population<Result>>;
  /** Configurations that have stood on each rung. */
  readonly seen: Map<number, Set<string>>;
  readonly tried: Set<string>;
}

export const dehbSampler = defineSampler(
  {
    kind: "dehb",
    label: "DEHB’s differential evolution",
    summary:
      "Evolves a population on each rung of a scheduler, fed by the best of the rung below. For schedulers that judge trials at rungs, `dehb` above all; without one, prefer de.",
    source:
      "N. Awad, N. Mallik, F. Hutter, DEHB: Evolutionary Hyperband for Scalable, Robust and Efficient Hyperparameter Optimization (IJCAI 2021)",
    needs: "curves",
    options: z.strictObject({
      eta: z
        .number()
        .min(2)
        .max(100)
        .default(3)
        .describe("The scheduler's: rungs are that many times as long as the one below, and populations smaller."),
      population: populationOption.describe("Configurations that evolve where all trials run to their end."),
      ...moveOptions,
    }),
  },
  (context, options) => {
    const { space, objectives, isFeasible, rng: studyRng } = context;
    const feasible = feasibleSampler(space, isFeasible);
    const cube = cubeOf(space);
    const sizeOf = (ladder: Ladder, rung: number): number =>
      populationSize(ladder, rung, options.eta, options.population);

    const membersOf = ({ populations }: State, rung: number): Member<Result>[] =>
      (populations.get(rung) ?? []).filter((member) => member !== undefined);

    /** The nearest lower rung on which somebody stands, and its best: one in eta. */
    const below = (state: State, ladder: Ladder, rung: number) => {
      const lower = ladder.rungs.findLast((other) => other < rung && membersOf(state, other).length > 0);
      if (lower === undefined) return undefined;
      const ranked = membersOf(state, lower).sort((a, b) => order(a.result.losses[0]!, b.result.losses[0]!));
      return { rung: lower, best: ranked.slice(0, Math.ceil(ranked.length / options.eta)) };
    };

    const random = (rung: number, place: number, size: number, rng: Rng): Bred => {
      const point = cube.draw(rng);
      const reason = `first population${where(rung)}, place ${place + 1} of ${size}`;
      return { point, params: cube.decode(point), reason };
    };

    const bred = (state: State, ladder: Ladder, rung: number, place: number, rng: Rng): Bred => {
      const lower = below(state, ladder, rung);
      const present = state.populations.get(rung)?.[place];
      const target = present ?? lower?.best[place % lower.best.length];
      const everybody = ladder.rungs.flatMap((other) => membersOf(state, other)).map(({ point }) => point);
      const pool = lower?.best ?? membersOf(state, rung).filter((member) => member !== target);
      const parents =
        target === undefined
          ? undefined
          : threeParents(
              pool.map(({ point }) => point),
              everybody.filter((point) => point !== target.point),
              rng,
            );
      if (target === undefined || parents === undefined) return random(rung, place, sizeOf(ladder, rung), rng);
      const point = crossed(target.point, mutantOf(parents, options.factor, rng), options.crossover, rng);
      const moved = lower === undefined ? "" : `, moved by the best${where(lower.rung)}`;
      const start = present === undefined ? `first population${where(rung)}: from` : "against";
      const reason = `${start} trial ${target.result.trial.number}${present === undefined ? "" : where(rung)}${moved}`;
      return { point, params: cube.decode(point), reason };
    };

    /** The best of the rung below that has not stood here: an empty place takes it as it is. */
    const promoted = (
      state: State,
      ladder: Ladder,
      rung: number,
      isPending: (params: Params) => boolean,
    ): Bred | undefined => {
      const lower = below(state, ladder, rung);
      const member = lower?.best.find(
        ({ result: { trial } }) =>
          state.seen.get(rung)?.has(paramsKey(trial.params)) !== true && !isPending(trial.params),
      );
      if (member === undefined) return undefined;
      const { params, number } = member.result.trial;
      return {
        point: member.point,
        params,
        reason: `trial ${number} again${where(rung)}: among the best${where(lower!.rung)}`,
      };
    };

    const propose = (
      state: State,
      ladder: Ladder,
      rung: number,
      number: number,
      isNew: (params: Params) => boolean,
      isPending: (params: Params) => boolean,
    ): Bred => {
      const rng = studyRng.fork(`trial ${number}`);
      const place = placeOf(number, sizeOf(ladder, rung));
      const isEmpty = state.populations.get(rung)?.[place] === undefined;
      const again = isEmpty ? promoted(state, ladder, rung, isPending) : undefined;
      if (again !== undefined && isFeasible(again.params)) return again;
      const made = firstNew(() => bred(state, ladder, rung, place, rng), isFeasible, isNew, feasible, rng);
      const point = "point" in made ? made.point : cube.draw(rng);
      return { ...made, point: cube.settled(point, made.params) };
    };

    const lossesAt = (trial: FinishedTrial, rung: number): readonly number[] | undefined => {
      if (rung === fullRung) return trial.state === "complete" ? lossesOf(trial, objectives) : undefined;
      const loss = lossAt(trial, rung, objectives[0]);
      if (Number.isNaN(loss)) return undefined;
      return [Number.isFinite(loss) ? loss : Infinity];
    };
    const holds = (result: Result, present: Result): boolean => !dominates(present.losses, result.losses);

    const take = (state: State, trial: FinishedTrial, ladder: Ladder): void => {
      const own = rungOfTrial(trial, ladder);
      let point: Float64Array | undefined;
      for (const rung of ladder.rungs) {
        const losses = lossesAt(trial, rung);
        if (losses === undefined) continue;
        const result = { trial, losses };
        const size = sizeOf(ladder, rung);
        const population = state.populations.get(rung) ?? emptyPopulation<Result>(size);
        const place = placeOf(trial.number, size);
        if (mayEnter(population, place, result, holds)) {
          point ??= cube.settled(
            propose(state, ladder, own ?? rung, trial.number, newcomerTest(state.tried, []), () => false).point,
            trial.params,
          );
          state.populations.set(rung, withMember(population, place, { point, result }));
        }
        const seen = state.seen.get(rung) ?? new Set();
        state.seen.set(rung, seen.add(paramsKey(trial.params)));
      }
      state.tried.add(paramsKey(trial.params));
    };

    let ladderKey = "";
    let learn: ((history: readonly FinishedTrial[]) => State) | undefined;
    /** The state on this ladder; another ladder has other populations. */
    const stateOf = (history: readonly FinishedTrial[], ladder: Ladder): State => {
      const key = ladder.rungs.map((rung) => `${rung}:${sizeOf(ladder, rung)}`).join();
      if (learn === undefined || key !== ladderKey) {
        ladderKey = key;
        learn = historyFold<State>(
          () => ({ populations: new Map(), seen: new Map(), tried: new Set() }),
          (state, trial) => take(state, trial, ladder),
        );
      }
      return learn(history);
    };

    return {
      suggest(request) {
        const { history, pending, number } = request;
        const ladder = ladderOf(request);
        const state = stateOf(history, ladder);
        const running = new Set(pending.map(({ params }) => paramsKey(params)));
        const { params, reason } = propose(
          state,
          ladder,
          ladder.own,
          number,
          newcomerTest(state.tried, pending),
          (one) => running.has(paramsKey(one)),
        );
        return { params, reason };
      },
    };
  },
);

/** " at step 3"; nothing for the full rung. */
function where(rung: number): string {
  return rung === fullRung ? "" : ` at step ${rung}`;
}
