/**
 * Spaces and simulated studies for the contract and golden suites.
 * Invariant: everything is a function of its arguments; nothing is random but by the seeded streams.
 */
import { BasinError } from "../../src/core/errors.ts";
import { rngFor } from "../../src/core/rng.ts";
import { uniformParams } from "../../src/core/space/configuration.ts";
import { toUnit } from "../../src/core/space/domain.ts";
import type { Params, Space } from "../../src/core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../src/core/trial.ts";
import type { Sampler, Suggestion } from "../../src/samplers/sampler.ts";

export const spaces: Readonly<Record<string, Space>> = {
  floats: [
    { name: "x", type: "float", low: -5, high: 10, log: false },
    { name: "lr", type: "float", low: 1e-5, high: 1, log: true },
    { name: "dropout", type: "float", low: 0, high: 0.5, log: false, step: 0.1 },
  ],
  integers: [
    { name: "layers", type: "int", low: 1, high: 4, log: false },
    { name: "width", type: "int", low: 1, high: 1000, log: true },
    { name: "batch", type: "int", low: 16, high: 250, log: false, step: 32 },
  ],
  categories: [
    { name: "optimizer", type: "categorical", choices: ["sgd", "adam"] },
    { name: "odd", type: "categorical", choices: [1, "1", true, null] },
  ],
  "single values": [
    { name: "fixed", type: "float", low: 2, high: 2, log: false },
    { name: "one", type: "int", low: 3, high: 3, log: true },
    { name: "only", type: "categorical", choices: ["a"] },
    { name: "epochs", type: "constant", value: 10 },
    { name: "x", type: "float", low: 0, high: 1, log: false },
  ],
  "nothing to search": [{ name: "epochs", type: "constant", value: 10 }],
  conditional: [
    { name: "model", type: "categorical", choices: ["svm", "net"] },
    { name: "c", type: "float", low: 1e-3, high: 1e3, log: true, when: { model: ["svm"] } },
    { name: "layers", type: "int", low: 1, high: 3, log: false, when: { model: ["net"] } },
    { name: "units1", type: "int", low: 8, high: 256, log: true, when: { model: ["net"] } },
    { name: "units2", type: "int", low: 8, high: 256, log: true, when: { layers: [2, 3] } },
    { name: "units3", type: "int", low: 8, high: 256, log: true, when: { layers: [3] } },
    { name: "__proto__", type: "float", low: 0, high: 1, log: false },
  ],
  "a hundred": Array.from({ length: 100 }, (_, i) =>
    i % 3 === 0
      ? { name: `c${i}`, type: "categorical", choices: ["a", "b", "c"] }
      : i % 3 === 1
        ? { name: `i${i}`, type: "int", low: 0, high: 20, log: false }
        : { name: `f${i}`, type: "float", low: 0, high: 1, log: false },
  ),
};

/** A smooth loss of the active parameters: small near a third of every range. */
export function lossOf(space: Space, params: Params): number {
  let sum = 0;
  for (const parameter of space) {
    const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    if (value !== undefined && parameter.type !== "constant") sum += (toUnit(parameter, value) - 1 / 3) ** 2;
  }
  return sum;
}

export interface HistoryOptions {
  readonly count: number;
  readonly objectives?: number;
  /** Failed, pruned, infinite and NaN trials among the complete ones. */
  readonly troubled?: boolean;
  readonly isFeasible?: (params: Params) => boolean;
}

/** Finished trials at uniform configurations; numbers 0, 1, ... but finishing slightly out of order. */
export function historyOf(space: Space, options: HistoryOptions): FinishedTrial[] {
  const { count, objectives = 1, troubled = false, isFeasible = () => true } = options;
  const trials: FinishedTrial[] = [];
  for (let number = 0; number < count; number++) {
    const rng = rngFor(1, number, "contract history");
    let params = uniformParams(space, rng);
    for (let tries = 0; tries < 1000 && !isFeasible(params); tries++) params = uniformParams(space, rng);
    const loss = lossOf(space, params);
    const values = Array.from({ length: objectives }, (_, k) => (k === 0 ? loss : Math.abs(1 - loss) + k * rng.next()));
    const kind = troubled ? number % 8 : 0;
    const last = { step: 3, value: loss };
    if (kind === 1) trials.push({ number, state: "failed", params, values: [] });
    else if (kind === 2) trials.push({ number, state: "pruned", params, values: [], last });
    else if (kind === 3)
      trials.push({ number, state: "pruned", params, values: [], last: { step: 1, value: Number.NaN } });
    else if (kind === 4) trials.push({ number, state: "pruned", params, values: [] });
    else if (kind === 5) trials.push({ number, state: "complete", params, values: values.map(() => Infinity), last });
    else if (kind === 6) trials.push({ number, state: "complete", params, values: values.map(() => Number.NaN) });
    else if (kind === 7 && number > 8)
      trials.push({ number, state: "complete", params, values: values.map(() => -Infinity) });
    else trials.push({ number, state: "complete", params, values, last });
    if (number % 5 === 4) [trials[number - 1], trials[number]] = [trials[number]!, trials[number - 1]!];
  }
  return trials;
}

export interface Simulated {
  readonly suggestions: readonly Suggestion[];
  readonly history: readonly FinishedTrial[];
}

/** Runs `count` trials, or fewer where no more are left, `parallel` at a time, the oldest always finishing first. */
export async function simulate(
  /** A sampler, or a maker of one for each suggestion. */
  sampler: Sampler | (() => Sampler),
  space: Space,
  settings: {
    readonly count: number;
    readonly parallel?: number;
    readonly seed?: number;
    readonly objectives?: number;
    /** Trials of an earlier study, which stand before its own. */
    readonly earlier?: readonly FinishedTrial[];
  },
): Promise<Simulated> {
  const { count, parallel = 1, seed = 7, objectives = 1, earlier = [] } = settings;
  const suggestions: Suggestion[] = [];
  const history: FinishedTrial[] = [...earlier];
  let pending: PendingTrial[] = [];
  const finish = (): void => {
    const trial = pending[0]!;
    pending = pending.slice(1);
    const loss = lossOf(space, trial.params);
    const values = Array.from({ length: objectives }, (_, k) => (k === 0 ? loss : Math.abs(k - loss)));
    history.push({ number: trial.number, state: "complete", params: trial.params, values });
  };
  for (let number = 0; number < count; number++) {
    const instance = typeof sampler === "function" ? sampler() : sampler;
    let suggestion: Suggestion;
    try {
      suggestion = await instance.suggest({ history, pending, number, rng: rngFor(seed, number, "suggest") });
    } catch (error) {
      if (!(error instanceof BasinError && error.code === "space-exhausted")) throw error;
      while (pending.length > 0) finish();
      break;
    }
    suggestions.push(suggestion);
    pending = [...pending, { number, state: "running", params: suggestion.params }];
    if (pending.length >= parallel) finish();
  }
  return { suggestions, history };
}

/** Steps of the ladder in `simulateLadder`; the last is a full training. */
export const ladderSteps = [1, 3, 9] as const;

interface Climber {
  readonly number: number;
  readonly params: Params;
  readonly loss: number;
  /** Rungs it has reached. */
  reached: number;
  state: "running" | "paused" | "complete";
}

/**
 * Runs trials up a ladder as an asynchronous scheduler would: each is paused at a rung, and of three at a rung the best goes on,
 * to the next one or to its end; one trial always runs while the next is asked for.
 */
export async function simulateLadder(
  /** A sampler, or a maker of one for each suggestion. */
  sampler: Sampler | (() => Sampler),
  space: Space,
  settings: { readonly count: number; readonly seed?: number },
): Promise<Simulated> {
  const { count, seed = 7 } = settings;
  const suggestions: Suggestion[] = [];
  const climbers: Climber[] = [];
  const history: FinishedTrial[] = [];
  const curveOf = ({ loss, reached }: Climber) =>
    ladderSteps.slice(0, reached).map((step) => ({ step, value: loss + 0.1 / step }));
  const pendingOf = (climber: Climber): PendingTrial => {
    const { number, params, state, reached } = climber;
    const curve = curveOf(climber);
    const untilStep = ladderSteps[state === "paused" ? reached - 1 : reached];
    const open = { number, state: state === "paused" ? "paused" : "running", params, untilStep } as const;
    return curve.length === 0 ? open : { ...open, last: curve.at(-1)!, curve };
  };
  const climb = (climber: Climber): void => {
    climber.reached += 1;
    climber.state = climber.reached === ladderSteps.length ? "complete" : "paused";
    if (climber.state === "paused") return;
    const { number, params, loss } = climber;
    const curve = curveOf(climber);
    history.push({ number, state: "complete", params, values: [loss], last: curve.at(-1)!, curve });
  };
  /** From the top down the best of those at a rung, if fewer than a third of them have gone on. */
  const promotable = (): Climber | undefined => {
    for (let rung = ladderSteps.length - 1; rung >= 1; rung--) {
      const there = climbers.filter(
        ({ reached, state }) => reached > rung || (reached === rung && state !== "running"),
      );
      const waiting = there.filter(({ reached, state }) => reached === rung && state === "paused");
      const best = waiting.sort((a, b) => a.loss - b.loss || a.number - b.number)[0];
      if (best !== undefined && there.length - waiting.length < Math.floor(there.length / 3)) return best;
    }
    return undefined;
  };
  let running: Climber | undefined;
  while (suggestions.length < count) {
    const next = promotable();
    if (next === undefined) {
      const number = suggestions.length;
      const instance = typeof sampler === "function" ? sampler() : sampler;
      const pending = climbers.filter(({ state }) => state !== "complete").map(pendingOf);
      const rng = rngFor(seed, number, "suggest");
      let suggestion: Suggestion;
      try {
        suggestion = await instance.suggest({ history, pending, number, rng, untilStep: 1, maxSteps: 9 });
      } catch (error) {
        if (!(error instanceof BasinError && error.code === "space-exhausted")) throw error;
        break;
      }
      suggestions.push(suggestion);
      const { params } = suggestion;
      climbers.push({ number, params, loss: lossOf(space, params), reached: 0, state: "running" });
    } else next.state = "running";
    if (running !== undefined) climb(running);
    running = next ?? climbers.at(-1);
  }
  return { suggestions, history };
}
