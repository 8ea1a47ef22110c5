import { expect, it } from "vitest";
import { rngFor } from "../../core/rng.ts";
import type { Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { dehbSampler } from "../dehb/dehb.ts";
import { nsga2Sampler } from "../evolution/nsga2.ts";
import { gpSampler } from "../gp/gp.ts";
import { samplers } from "../registry.ts";
import { type SamplerContext, samplerStream } from "../sampler.ts";
import { tpeSampler } from "../tpe/tpe.ts";
import { autoSampler } from "./auto.ts";
import { explainChoice, phasesOf } from "./choice.ts";

function floats(count: number): Space {
  return Array.from({ length: count }, (_, i) => ({ name: `x${i}`, type: "float", low: 0, high: 1, log: false }));
}

function context(changes: Partial<SamplerContext> = {}): SamplerContext {
  return {
    space: floats(2),
    objectives: [{ metric: "loss", direction: "minimize" }],
    isFeasible: () => true,
    parallel: 1,
    rng: samplerStream(3),
    ...changes,
  };
}

const two: SamplerContext["objectives"] = [
  { metric: "loss", direction: "minimize" },
  { metric: "time", direction: "minimize" },
];

function historyOf(count: number, objectives = 1): FinishedTrial[] {
  return Array.from({ length: count }, (_, number): FinishedTrial => {
    const rng = rngFor(1, number, "history");
    const [x0, x1] = [rng.next(), rng.next()];
    const values = [(x0 - 0.3) ** 2 + x1, 1 - x1 + x0].slice(0, objectives);
    return { number, state: "complete", params: { x0, x1 }, values };
  });
}

it("picks by parameters, slots, schedulers and objectives", () => {
  const kinds = (changes: Partial<SamplerContext>): string[] =>
    phasesOf(context(changes)).map(({ sampler }) => sampler.kind);
  expect(kinds({})).toEqual(["gp", "tpe"]);
  expect(kinds({ space: floats(20), parallel: 16 })).toEqual(["gp", "tpe"]);
  expect(kinds({ space: floats(21) })).toEqual(["tpe"]);
  expect(kinds({ parallel: 17 })).toEqual(["tpe"]);
  expect(kinds({ stopsEarly: true })).toEqual(["tpe"]);
  expect(kinds({ objectives: two })).toEqual(["gp", "nsga2"]);
  expect(kinds({ objectives: two, parallel: 17 })).toEqual(["tpe", "nsga2"]);
  // What has one value is no parameter to search.
  const fixed: Space = Array.from({ length: 30 }, (_, i) => ({ name: `c${i}`, type: "constant", value: i }));
  expect(kinds({ space: [...floats(20), ...fixed] })).toEqual(["gp", "tpe"]);
});

it("becomes the sampler that the scheduler is made for", async () => {
  for (const preferred of ["bohb", "dehb", "priorband", "freeze-thaw"]) {
    const study = context({ preferred, stopsEarly: true, budgetTrials: 50 });
    const entry = samplers.find(({ kind }) => kind === preferred)!;
    expect(phasesOf(study)).toEqual([{ sampler: entry, until: Infinity }]);
    expect(autoSampler.needsIn?.(study)).toBe("curves");
    expect(explainChoice(study)).toBe(
      `auto: ${entry.label} (2 parameters, 1 objective, 50 trials planned, it belongs to the scheduler, trials may be ended early)`,
    );
  }
  const request = { history: historyOf(30), pending: [], number: 30, rng: rngFor(3, 30, "suggest"), untilStep: 1 };
  const { params, reason } = await dehbSampler
    .create(context(), {})
    .suggest({ ...request, rng: request.rng.restart() });
  expect(await autoSampler.create(context({ preferred: "dehb" }), {}).suggest(request)).toEqual({
    params,
    reason: `dehb: ${reason}`,
  });
  expect(phasesOf(context({ preferred: "no such sampler" }))).toEqual(phasesOf(context()));
  expect(autoSampler.needsIn?.(context())).toBeUndefined();
});

it("says in one line what it picked and why", () => {
  expect(explainChoice(context({ space: floats(8), budgetTrials: 100 }))).toBe(
    "auto: Gaussian process (8 parameters, 1 objective, 100 trials planned)",
  );
  expect(explainChoice(context({ space: floats(1), budgetTrials: 1000, parallel: 4 }))).toBe(
    "auto: Gaussian process for the first 300 trials, then Tree-structured Parzen estimator (1 parameter, 1 objective, 1000 trials planned, 4 at once)",
  );
  expect(explainChoice(context({ budgetTrials: 50, stopsEarly: true }))).toBe(
    "auto: Tree-structured Parzen estimator (2 parameters, 1 objective, 50 trials planned, trials may be ended early)",
  );
  expect(explainChoice(context({ objectives: two }))).toBe(
    "auto: Gaussian process for the first 200 trials, then NSGA-II (2 parameters, 2 objectives)",
  );
});

it("answers as the sampler it picked, and hands over by the number of trials alone", async () => {
  const cases = [
    [299, context(), gpSampler],
    [300, context(), tpeSampler],
    [12, context({ parallel: 100 }), tpeSampler],
    [199, context({ objectives: two }), gpSampler],
    [199, context({ objectives: two, parallel: 17 }), tpeSampler],
    [200, context({ objectives: two }), nsga2Sampler],
  ] as const;
  for (const [count, study, expected] of cases) {
    const history = historyOf(count, study.objectives.length);
    const request = () => ({ history, pending: [], number: count, rng: rngFor(3, count, "suggest") });
    const { params, reason } = await expected.create(study, {}).suggest(request());
    const auto = autoSampler.create(study, {});
    // Used before the hand-over or not, planned as it may be.
    await auto.suggest({ ...request(), history: history.slice(0, 3), number: 3 });
    const answer = { params, reason: `${expected.kind}: ${reason}` };
    expect(await auto.suggest(request())).toEqual(answer);
    expect(await autoSampler.create({ ...study, budgetTrials: 5000 }, {}).suggest(request())).toEqual(answer);
  }
});
