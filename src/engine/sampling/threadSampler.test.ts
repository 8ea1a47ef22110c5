import { rmSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { BasinError } from "../../core/errors.ts";
import { rngFor } from "../../core/rng.ts";
import type { StudyDefinition } from "../../core/study/definition.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import { createSampler } from "../../samplers/registry.ts";
import { samplerThreadFile } from "../distFolder.ts";
import { definitionOf } from "../study.ts";
import { studyText, until } from "../testing/engineFixture.ts";
import { useThreadStage } from "../testing/threadStage.ts";
import { samplerContextOf } from "./context.ts";
import { ThreadSampler } from "./threadSampler.ts";

const troubled = path.resolve(import.meta.dirname, "../testing/troubledThread.ts");
const stage = useThreadStage();
const { clock, timers, trouble, warn, warnings } = stage;
let sampler: ThreadSampler | undefined;

afterEach(() => {
  void sampler?.end();
});

function definition(kind: string): StudyDefinition {
  const { definition: parsed, problem } = definitionOf(studyText({ sampler: `{ kind: ${kind} }`, trials: 50 }), "yaml");
  if (parsed === undefined) throw new Error(problem);
  return parsed;
}

function open(file: string, study = definition("random")): ThreadSampler {
  return (sampler = new ThreadSampler({ definition: study, file, clock, warn }));
}

function finished(number: number, params: FinishedTrial["params"] = { x: number / 100 }): FinishedTrial {
  return { number, state: "complete", params, values: [Math.abs(Number(params["x"]) - 0.3)] };
}

it("answers as the sampler in this process does, told of each trial once", async () => {
  for (const kind of ["gp", "tpe"]) {
    const study = definition(kind);
    const far = open(samplerThreadFile(), study);
    const near = createSampler(study.sampler, samplerContextOf(study));
    const history: FinishedTrial[] = [];
    for (let number = 0; number < 14; number++) {
      const pending: PendingTrial[] = number === 13 ? [{ number: 12, state: "running", params: { x: 0.5 } }] : [];
      const there = await far.suggest({ history, pending, number });
      expect(there).toEqual(
        await near.suggest({ history, pending, number, rng: rngFor(study.seed, number, "suggest") }),
      );
      history.push(finished(number, there.params));
    }
    await far.end();
  }
});

it("says at which rung a new trial will be judged, and what paused trials have shown, of each once and after a crash again", async () => {
  const study = definition("bohb");
  const paused = (number: number, step: number): PendingTrial => {
    const curve = [1, 3].slice(0, step === 1 ? 1 : 2).map((at) => ({ step: at, value: number / 1000 + 1 / at }));
    return { number, state: "paused", params: { x: number / 2000 }, last: curve.at(-1)!, curve, untilStep: step };
  };
  const many = Array.from({ length: 1200 }, (_, number) => paused(number, 1));
  const running: PendingTrial = { number: 5, state: "running", params: { x: 0.9 }, untilStep: 3 };
  // Some report, one goes on, one ends, one is new.
  const later = [paused(0, 3), ...many.slice(1, 5), running, ...many.slice(7), paused(1200, 1)];
  const near = createSampler(study.sampler, samplerContextOf(study));
  const far = open(samplerThreadFile(), study);
  const history: FinishedTrial[] = [];
  for (const pending of [many, later, later.slice(1), many]) {
    const request = { history, pending, number: 1300, untilStep: 1, maxSteps: 9 };
    expect(await far.suggest(request)).toEqual(
      await near.suggest({ ...request, rng: rngFor(study.seed, 1300, "suggest") }),
    );
  }
  await far.end();

  const shaky = open(troubled, study);
  const request = { history, pending: many, number: 7 };
  expect((await shaky.suggest(request)).reason).toBe("knows 1200, plans 50");
  trouble("crash-8");
  expect((await shaky.suggest({ ...request, pending: later, number: 8 })).reason).toBe("knows 1199, plans 50");
});

it("says where the new trial will be judged", async () => {
  const study = definition("dehb");
  const far = open(samplerThreadFile(), study);
  const reasons: string[] = [];
  const pending: PendingTrial[] = [
    { number: 1, state: "paused", params: { x: 0.7 }, last: { step: 1, value: 0.3 }, untilStep: 1 },
  ];
  for (const untilStep of [1, 3])
    reasons.push((await far.suggest({ history: [], pending, number: 2, untilStep, maxSteps: 9 })).reason);
  expect(reasons).toEqual([
    "first population at step 1, place 3 of 9",
    "trial 1 again at step 3: among the best at step 1",
  ]);
});

it("starts a thread that ended again with all trials, and gives up one that ends twice over the same trial", async () => {
  const far = open(troubled);
  const history = Array.from({ length: 1200 }, (_, number) => finished(number));
  expect((await far.suggest({ history, pending: [], number: 1200 })).reason).toBe("knows 1200, plans 50");
  history.push(finished(1200));
  trouble("crash-1201");
  expect((await far.suggest({ history, pending: [], number: 1201 })).reason).toBe("knows 1201, plans 50");
  expect(warnings).toEqual(["The sampler random is started again: its thread ended with code 7."]);
  trouble("deadly-1202");
  await expect(far.suggest({ history, pending: [], number: 1202 })).rejects.toMatchObject({
    code: "internal",
    message: "The sampler random failed twice at trial 1202: its thread ended with code 7.",
  });
});

it("plans by the budget as it is now", async () => {
  const study = definition("random");
  const far = open(troubled, study);
  const request = { history: [finished(0)], pending: [], number: 1 };
  expect((await far.suggest(request)).reason).toBe("knows 1, plans 50");
  far.update({ ...study, budget: { trials: 60, parallel: 2 } });
  expect((await far.suggest(request)).reason).toBe("knows 1, plans 60");
  trouble("crash-1");
  expect((await far.suggest(request)).reason).toBe("knows 1, plans 60");
});

it("takes a thread that gives no answer for lost", async () => {
  const far = open(troubled);
  trouble("hang-0");
  const answer = far.suggest({ history: [], pending: [], number: 0 });
  await until(() => timers.length === 1, "the question");
  const [late] = timers.splice(0);
  rmSync(path.join(stage.folder, "hang-0"));
  late?.();
  expect((await answer).reason).toBe("knows 0, plans 50");
  expect(warnings).toEqual(["The sampler random is started again: it gave no answer within 10:00."]);
});

it("hands on errors as they are", async () => {
  const far = open(troubled);
  trouble("error-0");
  const error: unknown = await far.suggest({ history: [], pending: [], number: 0 }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BasinError);
  expect(error).toMatchObject({
    code: "no-feasible-point",
    message: "Nothing left to try.",
    hint: "Loosen a constraint.",
  });
  expect(warnings).toEqual([]);
  const wrong = open(samplerThreadFile(), { ...definition("tpe"), sampler: { kind: "tpe", options: { no: 1 } } });
  await expect(wrong.suggest({ history: [], pending: [], number: 0 })).rejects.toMatchObject({ code: "invalid-study" });
  const missing = open(path.join(stage.folder, "missing.js"));
  await expect(missing.suggest({ history: [], pending: [], number: 0 })).rejects.toMatchObject({ code: "internal" });
});

it("ends a computing thread at once", async () => {
  const far = open(troubled);
  trouble("hang-0");
  const answer = far.suggest({ history: [], pending: [], number: 0 });
  await until(() => timers.length === 1, "the question");
  // The file that it waits for stays there: only its end can stop the thread.
  await Promise.all([far.end(), expect(answer).rejects.toMatchObject({ code: "cancelled" })]);
  await expect(far.suggest({ history: [], pending: [], number: 0 })).rejects.toMatchObject({ code: "cancelled" });
});
