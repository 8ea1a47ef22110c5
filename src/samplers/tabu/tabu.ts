/**
 * Tabu search (F. Glover, "Tabu search, part I", ORSA J. Computing 1989) as a sampler: trials are neighbours of the current
 * configuration; when as many as a step has have finished, whoever proposed them, the search moves to the best of them, better
 * or not, and the values it has left are tabu for some steps. What is tabu is not proposed, as it would cost a trial;
 * aspiration is for what was tried anyway (parallel slots, other people's trials): it is moved to if it is the best so far.
 * Each start, also the one after too many steps without improvement, is the best of one step's uniform draws.
 * Invariant: the current configuration and the list are a fold over the history.
 */
import { z } from "zod";
import type { Rng } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { cubeOf } from "../cube.ts";
import { defineSampler } from "../entry.ts";
import { combined, randomWeights } from "../gp/values.ts";
import { historyFold } from "../historyFold.ts";
import { withLeader } from "../leaders.ts";
import { firstNew, newcomerTest, type Candidate } from "../proposals.ts";
import { bestFirst, lossesOf } from "../ranking.ts";
import { afterMove, isTabu, neighbour, type TabuList } from "./neighbourhood.ts";

export const tabuSampler = defineSampler(
  {
    kind: "tabu",
    label: "Tabu search",
    summary:
      "Walks from neighbour to neighbour and never straight back. For discrete spaces and hundreds of cheap trials.",
    source: "F. Glover, Tabu search, part I, ORSA Journal on Computing 1989",
    options: z.strictObject({
      neighbours: z
        .int()
        .min(1)
        .max(10_000)
        .default(10)
        .describe("Trials of a step; the search then moves to the best."),
      spread: z
        .number()
        .gt(0)
        .max(1)
        .default(0.1)
        .describe("Standard deviation of a neighbour's number, as a share of its range."),
      tenure: z
        .int()
        .min(0)
        .max(10_000)
        .default(7)
        .describe("Steps for which a value that was left is not taken up again."),
      patience: z
        .int()
        .min(1)
        .max(100_000)
        .default(20)
        .describe("Steps without improvement after which the search starts again elsewhere."),
    }),
  },
  (context, options) => {
    const { space, objectives, isFeasible, rng: studyRng } = context;
    const feasible = feasibleSampler(space, isFeasible);
    const cube = cubeOf(space);
    const { parameters } = cube;

    const holdsBoth = (a: Params, b: Params) => (k: number) => {
      const { name } = parameters[k]!;
      return Object.hasOwn(a, name) && Object.hasOwn(b, name);
    };

    /**
     * The best of what a step may move to. Several objectives: trade-offs found earlier may be gone back to, and weights drawn
     * for the step say what is best, so that the search walks along the front as well as towards it.
     */
    const chosen = (admitted: readonly FinishedTrial[], { leaders, step }: Search): FinishedTrial | undefined => {
      if (objectives.length === 1) return bestFirst(admitted, objectives)[0];
      const measured = [...new Set([...admitted, ...leaders])].flatMap((trial) => {
        const losses = trial.state === "complete" ? lossesOf(trial, objectives) : undefined;
        return losses === undefined ? [] : [{ trial, losses }];
      });
      if (measured.length === 0) return bestFirst(admitted, objectives)[0];
      const weights = randomWeights(objectives.length, studyRng.fork(`weights of step ${step}`));
      const costs = combined(measured, objectives, weights);
      return measured[costs.indexOf(Math.min(...costs))]!.trial;
    };

    /** What the search does when a step's trials have finished. */
    const endStep = (state: Search): void => {
      const { current, finished } = state;
      state.finished = [];
      state.step += 1;
      const admitted = finished.filter(({ trial, improves }) => {
        if (bestFirst([trial], objectives).length === 0) return false;
        if (current === undefined || improves) return true;
        const to = cube.settled(current.point, trial.params);
        const active = holdsBoth(current.trial.params, trial.params);
        return !isTabu(state.list, state.step, parameters, current.point, to, active);
      });
      state.still = finished.some(({ improves }) => improves) ? 0 : state.still + 1;
      if (current !== undefined && state.still >= options.patience) {
        state.current = undefined;
        state.list = new Map();
        state.still = 0;
        state.starts += 1;
        return;
      }
      const trial = chosen(
        admitted.map((one) => one.trial),
        state,
      );
      if (trial === undefined) return;
      const from = current?.point ?? cube.draw(studyRng.fork(`start ${state.starts}`));
      const to = cube.settled(from, trial.params);
      if (current !== undefined) {
        const active = holdsBoth(current.trial.params, trial.params);
        state.list = afterMove(state.list, state.step, options.tenure, parameters, from, to, active);
      }
      state.current = { trial, point: to };
    };

    const learn = historyFold<Search>(
      () => ({
        current: undefined,
        finished: [],
        list: new Map(),
        step: 0,
        still: 0,
        starts: 0,
        leaders: [],
        tried: new Set(),
      }),
      (state, trial) => {
        const leaders = withLeader(state.leaders, trial, objectives);
        state.finished.push({ trial, improves: leaders !== state.leaders });
        state.leaders = leaders;
        state.tried.add(paramsKey(trial.params));
        if (state.finished.length >= options.neighbours) endStep(state);
      },
    );

    const candidate = ({ current, list, step, starts }: Search, rng: Rng): Candidate | undefined => {
      if (current === undefined) {
        const reason = starts === 0 ? "uniform draw to start from" : `uniform draw for start ${starts + 1}`;
        return { params: cube.decode(cube.draw(rng)), reason };
      }
      const axes = parameters.flatMap(({ name }, k) => (Object.hasOwn(current.trial.params, name) ? [k] : []));
      let forbidden: Candidate | undefined;
      for (let i = 0; i < redraws && axes.length > 0; i++) {
        const k = rng.choice(axes);
        const to = neighbour(current.point, k, parameters[k]!, options.spread, rng);
        const params = cube.decode(to);
        const made = {
          params,
          reason: `step ${step}: ${parameters[k]!.name} changed from trial ${current.trial.number}`,
        };
        const active = holdsBoth(current.trial.params, params);
        if (!isTabu(list, step + 1, parameters, current.point, to, active)) return made;
        forbidden ??= { ...made, reason: `${made.reason}, tabu` };
      }
      return forbidden;
    };

    return {
      suggest({ history, pending, rng }) {
        const state = learn(history);
        const isNew = newcomerTest(state.tried, pending);
        return firstNew(() => candidate(state, rng), isFeasible, isNew, feasible, rng);
      },
    };
  },
);

/** Neighbours looked at for one that is not tabu; where all are, one of them is proposed and can only be aspired to. */
const redraws = 20;

interface Current {
  readonly trial: FinishedTrial;
  /** With the last values of what is inactive now. */
  readonly point: Float64Array;
}

interface Search {
  /** Undefined before the first step has ended and while a new start is looked for. */
  current: Current | undefined;
  /** Finished trials since the last move, and whether each was the best so far. */
  finished: { readonly trial: FinishedTrial; readonly improves: boolean }[];
  list: TabuList;
  step: number;
  /** Steps since the last improvement. */
  still: number;
  starts: number;
  leaders: readonly FinishedTrial[];
  readonly tried: Set<string>;
}
