/** What the engine makes of a scheduler's answers: pauses, promotions, drops, copies, enqueued trials. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { trialFolderOf } from "../client/workspaceFiles.ts";
import type { Params } from "../core/space/parameter.ts";
import { isFinal, type Report } from "../core/trial.ts";
import type { TrialJob } from "../executors/executor.ts";
import type * as registry from "../schedulers/registry.ts";
import type { NextAction, Scheduler, ScheduleView } from "../schedulers/scheduler.ts";
import type { AskedTrial } from "../protocol/engine.ts";
import { type AttemptOutcome, attemptOutcomes } from "../protocol/schedule.ts";
import { openSqliteStore } from "../storage/sqliteStore.ts";
import { workspaceFiles } from "../client/workspaceFiles.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Fixture, engineFixture, studyText, until, untilState } from "./testing/engineFixture.ts";
import { script } from "./testing/scriptedScheduler.ts";
import { createSteppingExecutor, type SteppingExecutor, type SteppingOptions } from "./testing/steppingExecutor.ts";

vi.mock("../schedulers/registry.ts", async (original) => {
  const actual = await original<typeof registry>();
  const { scriptedScheduler } = await import("./testing/scriptedScheduler.ts");
  return {
    ...actual,
    schedulers: [...actual.schedulers, scriptedScheduler],
    createScheduler: (choice: { kind: string; options: Record<string, unknown> }) =>
      choice.kind === "scripted" ? scriptedScheduler.create({}) : actual.createScheduler(choice),
  };
});

const steps = 9;
const rungs = [1, 3, 9];
let fixture: Fixture | undefined;
beforeEach(() => {
  script.scheduler = undefined;
});
afterEach(async () => {
  await fixture?.dispose();
  fixture = undefined;
});

const value = ({ params }: Pick<TrialJob, "params">, step: number): number => Number(params["x"]) + 1 / step;

function stepping(options: Partial<SteppingOptions> = {}): SteppingExecutor {
  return createSteppingExecutor({ steps, metric: "loss", value, ...options });
}

const text = (trials: number, parallel = 1): string =>
  studyText({
    trials,
    parallel,
    scheduler: "{ kind: scripted }",
    trainer: `{ kind: command, run: [node, train.js], epochs: ${steps} }`,
  });

/** Trains `trials` trials to the first rung, and the better half of those at a rung on to the next. */
function halving(trials: number): Scheduler {
  const rungOf = (step: number): number => rungs.indexOf(step);
  return {
    next(view: ScheduleView): NextAction {
      const all = [...view.trials.values()];
      for (const rung of [1, 0]) {
        const step = rungs[rung]!;
        const there = all.filter(({ reports }) => reports.some((report) => report.step === step));
        const ranked = there
          .map(({ number, reports }) => ({ number, value: reports.find((report) => report.step === step)!.value }))
          .toSorted((a, b) => a.value - b.value)
          .slice(0, Math.floor(there.length / 2));
        const next = ranked.find(({ number }) => {
          const trial = view.trials.get(number)!;
          return trial.state === "paused" && trial.reports.at(-1)?.step === step;
        });
        if (next !== undefined) {
          return { action: "resume", number: next.number, untilStep: rungs[rung + 1]!, reason: `top half at ${step}` };
        }
      }
      if (all.length < trials) return { action: "new", untilStep: 1 };
      const paused = all.find(({ state }) => state === "paused");
      if (paused !== undefined && all.every(({ state }) => state === "paused" || isFinal(state)))
        return { action: "drop", number: paused.number, reason: "not among the better half" };
      return { action: "wait", reason: "rungs are full" };
    },
    onReport: (_view, _number, { step }: Report) =>
      rungOf(step) >= 0 && step < steps ? { decision: "pause", reason: `rung ${step}` } : { decision: "continue" },
  };
}

/** What is due soon is due at once, so that reports are judged before the next step is trained. */
const hasty: Clock = {
  now: () => systemClock.now(),
  after: (ms, work) => {
    if (ms > 50) return systemClock.after(ms, work);
    const soon = setImmediate(work);
    return () => clearImmediate(soon);
  },
};

async function open(executor: SteppingExecutor, clock = systemClock): Promise<Fixture> {
  return (fixture = await engineFixture(executor, { clock }));
}

interface Told {
  readonly state: string;
  readonly params: Params;
  readonly last: Report | undefined;
}

/** What is left in the database. */
async function ended(place: Fixture, id: number): Promise<{ trials: Told[]; decisions: unknown[] }> {
  await untilState(place, id, "complete", "failed");
  const store = openSqliteStore({ file: workspaceFiles(place.workspace).database });
  try {
    return {
      trials: store.trials(id, 0, 1000).map(({ state, params, last }) => ({ state, params, last })),
      decisions: store.decisions(id, 1000).map((row) => ({ ...row, at: 0 })),
    };
  } finally {
    store.close();
  }
}

/** Steps trained more than once. */
function repeated({ pieces }: SteppingExecutor): number {
  let again = 0;
  const seen = new Set<string>();
  for (const { number, from, to } of pieces)
    for (let step = from + 1; step <= to; step++) {
      const key = `${number}/${step}`;
      if (seen.has(key)) again += 1;
      seen.add(key);
    }
  return again;
}

it("pauses at rungs, promotes from the checkpoint, and prunes what is dropped", async () => {
  script.scheduler = halving(8);
  const executor = stepping();
  const place = await open(executor);
  const { studyId } = await place.start(text(8));
  const { trials, decisions } = await ended(place, studyId);
  expect(trials.filter(({ state }) => state === "complete")).toHaveLength(2);
  expect(trials.filter(({ state }) => state === "pruned")).toHaveLength(6);
  expect(repeated(executor)).toBe(0);
  expect(executor.pieces.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(8 * 1 + 4 * 2 + 2 * 6);
  const kinds = decisions.map((row) => (row as { decision: string }).decision);
  expect(kinds.filter((kind) => kind === "pause")).toHaveLength(12);
  expect(kinds.filter((kind) => kind === "promote")).toHaveLength(6);
  expect(kinds.filter((kind) => kind === "drop")).toHaveLength(6);
  for (const row of decisions) expect((row as { reason: string }).reason).not.toBe("");
  const report = await place.engine.request("study.schedule", { studyId });
  expect(report).toMatchObject({ scheduler: "scripted", maxSteps: 9, trainedSteps: 28, fullSteps: 72, lineage: [] });
  expect(report.decisions).toHaveLength(24);
  const { number, fromStep, toStep, outcome, endedAt } = report.attempts;
  expect(number).toHaveLength(8 + 4 + 2);
  expect(endedAt.every((at) => at > 0)).toBe(true);
  const byTrial = ([a = 0, from = 0]: number[], [b = 0, later = 0]: number[]): number => a - b || from - later;
  const trained = executor.pieces.map(({ number: trial, from, to }) => [trial, from, to]);
  const told = [...number].map((trial, i) => [trial, fromStep[i] ?? -1, toStep[i] ?? -1]);
  expect(told.toSorted(byTrial)).toEqual(trained.toSorted(byTrial));
  const count = (of: AttemptOutcome): number => outcome.filter((code) => attemptOutcomes[code] === of).length;
  expect([count("paused"), count("complete"), count("running")]).toEqual([12, 2, 0]);
  // Read anew, it is the same.
  await place.restart(stepping());
  expect({ ...(await place.engine.request("study.schedule", { studyId })), revision: 0 }).toEqual({
    ...report,
    revision: 0,
    attempts: expect.anything() as unknown,
  });
});

it.each([
  ["stops by itself and writes no checkpoint", { saves: false }, false],
  ["takes no notice of where to stop", { heedsUntil: false }, true],
  ["takes no notice of anything", { saves: false, heedsUntil: false, heedsCommands: false }, false],
] as const)("decides the same with a trainer that %s", async (_name, options, saves) => {
  script.scheduler = halving(8);
  const whole = await open(stepping());
  const first = await ended(whole, (await whole.start(text(8))).studyId);
  await whole.dispose();
  const executor = stepping(options);
  const place = await open(executor, hasty);
  const { studyId } = await place.start(text(8));
  expect(await ended(place, studyId)).toEqual(first);
  const log = await place.engine.request("study.log", { studyId, limit: 1000 });
  const told = log.filter(({ message }) => message.includes("trains again"));
  expect(told).toHaveLength(saves ? 0 : 1);
  expect(repeated(executor) > 0).toBe(!saves);
});

it("goes on to the same end from any interruption", async () => {
  script.scheduler = halving(6);
  const whole = await open(stepping());
  const first = await ended(whole, (await whole.start(text(6))).studyId);
  await whole.dispose();
  for (let after = 1; after <= 18; after++) {
    let executor = stepping();
    const place = await open(executor);
    const { studyId } = await place.start(text(6));
    // Closing puts running trials back at once, wherever they are.
    await until(() => executor.pieces.reduce((sum, { from, to }) => sum + to - from, 0) >= after, `${after} steps`);
    executor = stepping();
    await place.restart(executor);
    expect(await ended(place, studyId), `interrupted after ${after} steps`).toEqual(first);
    await place.dispose();
  }
});

it("replaces a trial by a copy of another one, which does not count against the budget", async () => {
  // Two trials; when the second one is worse at step 3, it is replaced by a copy of the first.
  const scheduler: Scheduler = {
    next: ({ trials }) => {
      const paused = [...trials.values()].find(({ state }) => state === "paused");
      if (trials.size < 2) return { action: "new", untilStep: 3 };
      if (paused !== undefined) return { action: "resume", number: paused.number, reason: "next interval" };
      return { action: "wait", reason: "all run" };
    },
    onReport: (view, number, { step }) =>
      number === 1 && step === 3
        ? {
            decision: "exploit",
            from: 0,
            params: { ...view.trials.get(0)!.params, x: 0.25 },
            untilStep: 6,
            reason: "worse than trial 0",
          }
        : { decision: "continue" },
  };
  script.scheduler = scheduler;
  const executor = stepping();
  const place = await open(executor);
  const { studyId } = await place.start(text(2));
  const { trials } = await ended(place, studyId);
  expect(trials.map(({ state }) => state)).toEqual(["complete", "pruned", "complete"]);
  expect(trials[2]!.params["x"]).toBe(0.25);
  // The child began with step 3 of trial 0, was judged at 6, and ended.
  expect(executor.pieces.filter(({ number }) => number === 2)).toEqual([
    { number: 2, from: 3, to: 6 },
    { number: 2, from: 6, to: 9 },
  ]);
  expect(executor.jobs.find(({ number }) => number === 2)?.untilStep).toBe(6);
  const copied = path.join(trialFolderOf(place.workspace, studyId, 2), "checkpoints", "step-3");
  expect(readFileSync(copied, "utf8")).toBe("3");
  const study = await place.study(studyId);
  expect(study).toMatchObject({ children: 1, budgetTrials: 2, reason: "The budget of 2 trials is used." });
  const report = await place.engine.request("study.schedule", { studyId });
  expect(report).toMatchObject({
    lineage: [{ number: 2, parent: 0, step: 3 }],
    trainedSteps: 9 + 3 + 6,
    fullSteps: 18,
  });
  const child = await place.engine.request("trial.get", { studyId, number: 2 });
  expect(child.curves[0]!.steps).toEqual([4, 5, 6, 7, 8, 9]);
  expect(await place.start(text(2))).toMatchObject({ how: "already-complete" });
  const more = await place.start(text(3));
  expect(more.how).toBe("continued");
  expect(more.message).toContain("2 of 3 trials");
});

it("begins a copy in the place of a trial that was dropped", async () => {
  script.scheduler = {
    next: ({ trials }) => {
      if (trials.size < 2) return { action: "new", untilStep: 3 };
      const paused = [...trials.values()].filter(({ state }) => state === "paused");
      const worse = paused.find(({ number }) => number === 1);
      if (worse !== undefined) return { action: "drop", number: 1, reason: "worse" };
      if (trials.size === 2 && paused.length === 1 && trials.get(1)!.state === "pruned")
        return {
          action: "copy",
          from: 0,
          params: { ...trials.get(0)!.params, x: 0.25 },
          untilStep: 6,
          reason: "instead",
        };
      const [next] = paused;
      if (next === undefined) return { action: "wait", reason: "nothing more" };
      return { action: "resume", number: next.number, untilStep: 9, reason: "goes on" };
    },
    onReport: () => ({ decision: "continue" }),
  };
  const executor = stepping();
  const place = await open(executor);
  const { studyId } = await place.start(text(2));
  const { trials } = await ended(place, studyId);
  expect(trials.map(({ state }) => state)).toEqual(["complete", "pruned", "complete"]);
  expect(trials[2]!.params["x"]).toBe(0.25);
  expect(executor.pieces.filter(({ number }) => number === 2)).toEqual([
    { number: 2, from: 3, to: 6 },
    { number: 2, from: 6, to: 9 },
  ]);
  const report = await place.engine.request("study.schedule", { studyId });
  expect(report.lineage).toEqual([{ number: 2, parent: 0, step: 3 }]);
  expect(await place.study(studyId)).toMatchObject({ children: 1, budgetTrials: 2 });
});

it("makes the copy that a killed engine had not come to", async () => {
  script.scheduler = {
    next: ({ trials }) =>
      trials.size < 2 ? { action: "new", untilStep: 3 } : { action: "wait", reason: "nothing more" },
    onReport: () => ({ decision: "continue" }),
  };
  const place = await open(stepping());
  const { studyId } = await place.start(text(2));
  await ended(place, studyId);
  await place.engine.close("test");
  const store = openSqliteStore({ file: workspaceFiles(place.workspace).database });
  const child = { params: { x: 0.5, n: 1, kind: "a" }, because: "copy", parent: { number: 0, step: 1 } };
  store.finishTrial(studyId, 1, { state: "pruned", values: [], metrics: {}, reason: "worse", at: 1, child });
  store.setStudyState(studyId, "running", "", 1);
  store.close();
  const executor = stepping();
  await place.restart(executor);
  await untilState(place, studyId, "complete");
  expect(executor.pieces).toEqual([{ number: 2, from: 3, to: 9 }]);
  const { lineage } = await place.engine.request("study.schedule", { studyId });
  expect(lineage).toEqual([{ number: 2, parent: 0, step: 3 }]);
});

it("does not give up on failures while others wait to go on, and carries FGHPO out to its end", async () => {
  // Without sharpness the objective decides: a little better with each trial.
  const executor = stepping({
    crashes: ({ number }) => number > 2 && number < 18,
    value: ({ number }, step) => 1 / (number + 1) + 1 / step,
  });
  const place = await open(executor);
  const scheduler = "{ kind: fghpo, configurations: 20, keep: 2 }";
  const { studyId } = await place.engine.request("study.start", {
    path: "/s.study.yaml",
    text: text(20).replace("{ kind: scripted }", scheduler),
    mode: "fresh",
  });
  const { trials } = await ended(place, studyId);
  const inState = (state: string): number[] => trials.flatMap((trial, i) => (trial.state === state ? [i] : []));
  expect(inState("complete")).toEqual([18, 19]);
  expect(inState("pruned")).toEqual([0, 1, 2]);
  expect(inState("failed")).toHaveLength(15);
  expect(executor.pieces.filter(({ number }) => number === 19)).toEqual([
    { number: 19, from: 0, to: 1 },
    { number: 19, from: 1, to: steps },
  ]);
});

it("gives a person's trials the scheduler's turn and step, before suggested ones", async () => {
  script.scheduler = halving(4);
  const executor = stepping();
  const place = await open(executor);
  const { studyId } = await place.start(text(4));
  await place.engine.request("study.pause", { studyId });
  const { number } = await place.engine.request("trial.enqueue", {
    studyId,
    params: { x: 0.01, n: 5, kind: "a" },
  });
  await place.engine.request("study.resume", { studyId });
  const { trials } = await ended(place, studyId);
  expect(trials).toHaveLength(4);
  expect(executor.jobs.find((job) => job.number === number)?.untilStep).toBe(1);
  expect(trials[number]).toMatchObject({ params: { x: 0.01 } });
});

it("ends when its epochs are used up, and goes on when there are more", async () => {
  script.scheduler = halving(8);
  const executor = stepping();
  const place = await open(executor, hasty);
  const limited = (epochs: number): string => text(8).replace("budget: { ", `budget: { epochs: ${epochs}, `);
  const { studyId } = await place.start(limited(10));
  const { reason, spent } = await untilState(place, studyId, "complete");
  expect(reason).toBe("The budget of 10 epochs is used.");
  expect(spent!.steps).toBe(10);
  expect(await place.start(limited(10))).toMatchObject({ how: "already-complete" });
  expect(await place.start(limited(100))).toMatchObject({ how: "continued" });
  const more = await untilState(place, studyId, "complete");
  expect(more).toMatchObject({ reason: "The budget of 8 trials is used.", spent: { steps: 28 } });
  expect(repeated(executor)).toBe(0);
});

it("ends when nothing better has come for as long as it is patient", async () => {
  // Trial 3 is the best; every trial is complete after one step.
  const worth = [5, 4, 6, 1, 2, 3, 4, 5, 6, 7];
  script.scheduler = { next: () => ({ action: "new" }), onReport: () => ({ decision: "continue" }) };
  const executor = createSteppingExecutor({ steps: 1, metric: "loss", value: ({ number }) => worth[number] ?? 9 });
  const place = await open(executor);
  const patient = (patience: number): string => text(10).replace("budget: { ", `budget: { patience: ${patience}, `);
  const { studyId } = await place.start(patient(4));
  const study = await untilState(place, studyId, "complete");
  expect(study.reason).toBe("Nothing better in the last 4 trials (budget.patience is 4).");
  expect(study.counts.complete).toBe(8);
  expect((await place.start(patient(4))).message).toContain("Raise budget.patience to go on");
  await place.start(patient(5));
  expect((await untilState(place, studyId, "complete")).counts.complete).toBe(9);
});

it("tells a program outside where to wait, what to go on with, and whose weights to take", async () => {
  const place = await open(stepping());
  const outside = text(2).replace(/^trainer:.*$/m, `trainer: { kind: none, epochs: ${steps} }`);
  script.scheduler = {
    next: ({ trials }) => {
      const paused = [...trials.values()].find(({ state }) => state === "paused");
      if (trials.size < 2) return { action: "new", untilStep: 1 };
      if (paused === undefined) return { action: "wait", reason: "nothing is left" };
      return { action: "resume", number: paused.number, untilStep: steps, reason: "best" };
    },
    onReport: (view, number, { step }) =>
      number === 1 && step === 1
        ? { decision: "exploit", from: 0, params: view.trials.get(0)!.params, untilStep: 3, reason: "worse" }
        : { decision: "continue" },
  };
  const { studyId } = await place.start(outside);
  const ask = async (): Promise<AskedTrial> =>
    (await place.engine.request("ask", { studyId, count: 1 })).trials[0] ?? { number: -1, params: {}, resumed: false };
  const report = (number: number, step: number): Promise<{ decision: string; reason: string }> =>
    place.engine.request("report", { studyId, number, step, value: 1 / step });
  expect(await ask()).toMatchObject({ number: 0, untilStep: 1, resumed: false });
  expect(await report(0, 1)).toMatchObject({
    decision: "pause",
    reason: expect.stringContaining("Step 1 of 9") as unknown,
  });
  expect(await ask()).toMatchObject({ number: 1, untilStep: 1 });
  expect(await report(1, 1)).toEqual({ decision: "stop", reason: "worse" });
  expect(await ask()).toMatchObject({ number: 2, untilStep: 3, parent: { number: 0, step: 1 } });
  expect(await report(2, 3)).toMatchObject({ decision: "pause" });
  const again = await ask();
  expect(again).toMatchObject({ number: 0, resumed: true });
  expect(again).not.toHaveProperty("untilStep");
  expect(await report(0, 5)).toEqual({ decision: "continue", reason: "" });
  await place.engine.request("tell", { studyId, number: 0, values: [0.2] });
  expect((await place.study(studyId)).state).toBe("running");
  expect(await ask()).toMatchObject({ number: 2, resumed: true });
  await place.engine.request("tell", { studyId, number: 2, values: [0.1] });
  const study = await place.study(studyId);
  expect(study).toMatchObject({ state: "complete", children: 1, counts: { complete: 2, pruned: 1, paused: 0 } });
});

it("ends when a model sees little left to gain, and says by which bound", async () => {
  script.scheduler = { next: () => ({ action: "new" }), onReport: () => ({ decision: "continue" }) };
  const bowl = ({ params }: Pick<TrialJob, "params">): number => (Number(params["x"]) - 0.3) ** 2;
  const executor = createSteppingExecutor({ steps: 1, metric: "loss", value: bowl });
  const place = await open(executor);
  const study = text(3000)
    .replace("budget: { ", "budget: { regret: 0.05, ")
    .replace(/^ {2}(?:n|kind):.*\n/gm, "");
  const { studyId } = await place.start(study);
  const { reason, counts } = await untilState(place, studyId, "complete");
  expect(reason).toMatch(
    /^At most \S+ is left to gain \(budget\.regret is 0\.05\): .* upper confidence bound of \d+ complete trials .* Gaussian process\.$/,
  );
  expect(counts.complete).toBeGreaterThanOrEqual(20);
});
