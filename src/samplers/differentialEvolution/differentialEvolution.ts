/**
 * Differential evolution as a sampler: trial n is bred against the member at place n mod population and takes its place as
 * soon as it is no worse. F, CR and the operators are those of N. Awad, N. Mallik and F. Hutter, "DEHB" (IJCAI 2021).
 * A trial's point is more than its configuration: inactive coordinates and what rounding took away. Each trial's proposal is
 * drawn from a stream of the study by the trial's number, so that the fold can draw it again and keep of it whatever the
 * configuration leaves open. Invariant: the population is a fold over the history.
 */
import { z } from "zod";
import type { Rng } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { cubeOf } from "../cube.ts";
import { defineSampler } from "../entry.ts";
import { historyFold } from "../historyFold.ts";
import { holdsAgainst } from "../leaders.ts";
import { firstNew, newcomerTest, placeOf } from "../proposals.ts";
import { bestFirst } from "../ranking.ts";
import {
  crossed,
  emptyPopulation,
  mayEnter,
  mutantOf,
  threeParents,
  withMember,
  type Population,
} from "./operators.ts";
import { moveOptions, populationOption, type Bred } from "./options.ts";

export const differentialEvolutionSampler = defineSampler(
  {
    kind: "de",
    label: "Differential evolution",
    summary:
      "Moves each configuration by the difference of two others. For mixed spaces and hundreds of parallel trials.",
    source:
      "R. Storn, K. Price, Differential evolution, Journal of Global Optimization 1997; constants of N. Awad, N. Mallik, F. Hutter, DEHB, IJCAI 2021",
    options: z.strictObject({
      population: populationOption.describe("Configurations that evolve side by side."),
      ...moveOptions,
    }),
  },
  (context, options) => {
    const { space, objectives, isFeasible, rng: studyRng } = context;
    const feasible = feasibleSampler(space, isFeasible);
    const cube = cubeOf(space);
    const size = options.population;

    interface State {
      population: Population<FinishedTrial>;
      readonly tried: Set<string>;
    }

    const candidate = (population: Population<FinishedTrial>, place: number, rng: Rng): Bred => {
      const target = population[place];
      const others = population.flatMap((member, i) => (member === undefined || i === place ? [] : [member.point]));
      const parents = target === undefined ? undefined : threeParents(others, [], rng);
      if (target === undefined || parents === undefined) {
        const point = cube.draw(rng);
        return { point, params: cube.decode(point), reason: `first population, place ${place + 1} of ${size}` };
      }
      const point = crossed(target.point, mutantOf(parents, options.factor, rng), options.crossover, rng);
      return { point, params: cube.decode(point), reason: `against trial ${target.result.number}` };
    };

    const holds = (trial: FinishedTrial, present: FinishedTrial): boolean => holdsAgainst(trial, present, objectives);

    const propose = ({ population }: State, number: number, isNew: (params: Params) => boolean): Bred => {
      const rng = studyRng.fork(`trial ${number}`);
      const place = placeOf(number, size);
      const made = firstNew(() => candidate(population, place, rng), isFeasible, isNew, feasible, rng);
      const point = "point" in made ? made.point : (population[place]?.point ?? cube.draw(rng));
      return { ...made, point: cube.settled(point, made.params) };
    };

    const learn = historyFold<State>(
      () => ({ population: emptyPopulation(size), tried: new Set() }),
      (state, trial) => {
        const place = placeOf(trial.number, size);
        const isRanked = bestFirst([trial], objectives).length === 1;
        if (isRanked && mayEnter(state.population, place, trial, holds)) {
          const { point } = propose(state, trial.number, newcomerTest(state.tried, []));
          const member = { point: cube.settled(point, trial.params), result: trial };
          state.population = withMember(state.population, place, member);
        }
        state.tried.add(paramsKey(trial.params));
      },
    );

    return {
      suggest({ history, pending, number }) {
        const state = learn(history);
        const { params, reason } = propose(state, number, newcomerTest(state.tried, pending));
        return { params, reason };
      },
    };
  },
);
