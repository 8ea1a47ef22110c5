/**
 * A study without trainers: trials train on given curves in simulated time, and a scheduler decides as it would in the engine.
 * Invariant: what the scheduler is told and may answer is what the engine holds to; an answer that the engine could not carry out
 * is an error here. Nothing is random but what the caller makes so.
 */
import type { Objective } from "../../core/objective.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import { isFinal, type Report, type TrialState } from "../../core/trial.ts";
import type { Decision, NextAction, Parent, ScheduledTrial, Scheduler, ScheduleView } from "../scheduler.ts";

export interface SimulatedTrial extends ScheduledTrial {
  state: TrialState;
  readonly reports: Report[];
  checkpointStep: number | undefined;
  untilStep: number | undefined;
}

export interface Simulation {
  /** The scheduler for each question: always the same, or a fresh one. */
  readonly scheduler: () => Scheduler;
  readonly objectives?: readonly [Objective, ...Objective[]];
  readonly maxSteps: number;
  /** Whether the scheduler is told how long a training is. */
  readonly knowsSteps?: boolean;
  readonly maxTrials: number;
  readonly parallel: number;
  readonly seed?: number;
  readonly space?: Space;
  readonly isStructural?: (parameter: string) => boolean;
  /** The configuration of a new trial. */
  readonly suggest?: (number: number) => Params;
  /** Trials that a person has enqueued before the study begins: they take the places of the first new ones. */
  readonly enqueued?: number;
  /** Values of the objectives at a step; a number is that of the first. */
  readonly curve: (trial: ScheduledTrial, step: number) => number | readonly number[];
  /** Simulated seconds that a step takes; 1 by default. */
  readonly duration?: (number: number, step: number) => number;
  /** Whether a trial crashes in this step, before it reports. */
  readonly fails?: (number: number, step: number) => boolean;
  /** When checkpoints are written: after every step, when a trial pauses, or never. */
  readonly checkpoints?: "step" | "pause" | "never";
}

export type Answer =
  | { readonly asked: "next"; readonly answer: NextAction; readonly time: number }
  | { readonly asked: "report"; readonly number: number; readonly report: Report; readonly answer: Decision };

export interface SimulationResult {
  readonly trials: ReadonlyMap<number, SimulatedTrial>;
  readonly view: ScheduleView;
  readonly answers: readonly Answer[];
  /** Steps that were computed, in order. */
  readonly trained: readonly { readonly number: number; readonly step: number }[];
  /** Slots that got nothing to do, and how many trials had begun by then. */
  readonly waits: readonly { readonly time: number; readonly begun: number; readonly paused: number }[];
  readonly time: number;
}

interface Run {
  readonly trial: SimulatedTrial;
  readonly slot: number;
  step: number;
  until: number;
  at: number;
}

/** How often a study may train what its trials would take without a scheduler, before something is wrong. */
const mostRepeats = 100;

const plainSpace: Space = [{ name: "x", type: "float", low: 0, high: 1, log: false }];

export async function simulate(options: Simulation): Promise<SimulationResult> {
  const { scheduler, maxSteps, maxTrials, parallel, checkpoints = "pause" } = options;
  const objectives = options.objectives ?? [{ metric: "m", direction: "minimize" }];
  const trials = new Map<number, SimulatedTrial>();
  const others = new Map<string, Report[]>();
  const view: ScheduleView = {
    objective: objectives[0],
    objectives,
    space: options.space ?? plainSpace,
    seed: options.seed ?? 0,
    ...(options.knowsSteps === false ? {} : { maxSteps }),
    maxTrials,
    parallel,
    trials,
    reportsOf: (number, metric) =>
      metric === objectives[0].metric ? (trials.get(number)?.reports ?? []) : (others.get(`${number} ${metric}`) ?? []),
    isStructural: options.isStructural ?? (() => false),
  };
  const answers: Answer[] = [];
  const trained: { number: number; step: number }[] = [];
  const waits: { time: number; begun: number; paused: number }[] = [];
  const running: Run[] = [];
  const waiting: SimulatedTrial[] = [];
  let time = 0;
  let begun = 0;

  const fail = (message: string): never => {
    throw new Error(`The scheduler ${message}. Last answers: ${JSON.stringify(answers.slice(-3))}`);
  };
  const add = (params: Params, untilStep: number | undefined, parent?: Parent): SimulatedTrial => {
    const number = trials.size;
    const trial: SimulatedTrial = {
      number,
      state: "waiting",
      params,
      reports: [],
      // A copy has the checkpoint that it was given.
      checkpointStep: parent?.step,
      untilStep,
      parent,
    };
    trials.set(number, trial);
    return trial;
  };
  const stepTime = (number: number, step: number): number => options.duration?.(number, step) ?? 1;

  const launch = (trial: SimulatedTrial, untilStep: number | undefined): void => {
    const used = new Set(running.map(({ slot }) => slot));
    let slot = 0;
    while (used.has(slot)) slot++;
    trial.state = "running";
    trial.untilStep = untilStep;
    const step = trial.checkpointStep ?? 0;
    running.push({ trial, slot, step, until: untilStep ?? Infinity, at: time + stepTime(trial.number, step + 1) });
  };

  const suggested = (number: number): Params => options.suggest?.(number) ?? { x: number };
  const enqueued = Array.from({ length: options.enqueued ?? 0 }, (_, number) => add(suggested(number), undefined));

  /** Gives a free slot something to do; false when there is nothing. */
  const fill = async (): Promise<boolean> => {
    const ready = waiting.shift();
    if (ready !== undefined) {
      launch(ready, ready.untilStep);
      return true;
    }
    for (;;) {
      const answer = await scheduler().next(view);
      answers.push({ asked: "next", answer, time });
      if (answer.action !== "new" && answer.reason.trim() === "") fail("gives no reason");
      if (answer.action === "new") {
        if (begun >= maxTrials) break;
        if (answer.untilStep !== undefined && !(answer.untilStep >= 1 && Number.isInteger(answer.untilStep)))
          fail("starts a trial until no whole step");
        begun += 1;
        launch(enqueued.shift() ?? add(suggested(trials.size), undefined), answer.untilStep);
        return true;
      }
      if (answer.action === "wait") break;
      if (answer.action === "copy") {
        const at = trials.get(answer.from)?.checkpointStep;
        if (at === undefined) return fail("copies from a trial without a checkpoint");
        if (answer.untilStep !== undefined && !(answer.untilStep > at)) fail("judges a copy before it has trained");
        launch(add(answer.params, answer.untilStep, { number: answer.from, step: at }), answer.untilStep);
        return true;
      }
      const trial = trials.get(answer.number);
      if (trial?.state !== "paused") return fail(`would ${answer.action} trial ${answer.number}, which is not paused`);
      if (answer.action === "drop") {
        trial.state = "pruned";
        continue;
      }
      const last = trial.reports.at(-1)?.step ?? 0;
      if (answer.untilStep !== undefined && !(answer.untilStep > last))
        fail("resumes a trial until a step it has passed");
      launch(trial, answer.untilStep);
      return true;
    }
    waits.push({ time, begun, paused: [...trials.values()].filter(({ state }) => state === "paused").length });
    return false;
  };

  const apply = (run: Run, decision: Decision): void => {
    const { trial, step } = run;
    const leave = (state: TrialState): void => {
      trial.state = state;
      if (checkpoints !== "never" && state === "paused") trial.checkpointStep = step;
      running.splice(running.indexOf(run), 1);
    };
    if (decision.decision !== "continue" && decision.reason.trim() === "") fail("gives no reason");
    if (decision.decision === "stop") leave("pruned");
    else if (decision.decision === "exploit") {
      const donor = trials.get(decision.from);
      const at = donor?.checkpointStep;
      if (donor === undefined || at === undefined) return fail("copies from a trial without a checkpoint");
      if (decision.untilStep !== undefined && !(decision.untilStep > at)) fail("judges a copy before it has trained");
      leave("pruned");
      waiting.push(add(decision.params, decision.untilStep, { number: donor.number, step: at }));
    } else if (step >= maxSteps) leave("complete");
    else if (decision.decision === "pause" || step >= run.until) leave("paused");
    else run.at = time + stepTime(trial.number, step + 1);
  };

  for (;;) {
    while (running.length < parallel && (await fill())) {
      // The next slot.
    }
    if (running.length === 0) break;
    let run = running[0]!;
    for (const other of running) if (other.at < run.at || (other.at === run.at && other.slot < run.slot)) run = other;
    time = run.at;
    const { trial } = run;
    run.step += 1;
    const { step } = run;
    if (trained.length > mostRepeats * maxTrials * maxSteps) fail("does not come to an end");
    trained.push({ number: trial.number, step });
    if (options.fails?.(trial.number, step) === true) {
      trial.state = "failed";
      running.splice(running.indexOf(run), 1);
      continue;
    }
    if (step <= (trial.reports.at(-1)?.step ?? trial.parent?.step ?? 0)) {
      // Begun again without a checkpoint: what was reported once is not reported again.
      run.at = time + stepTime(trial.number, step + 1);
      continue;
    }
    const values = options.curve(trial, step);
    const list = typeof values === "number" ? [values] : values;
    const report = { step, value: list[0]! };
    trial.reports.push(report);
    objectives.slice(1).forEach(({ metric }, k) => {
      const key = `${trial.number} ${metric}`;
      const known = others.get(key);
      if (known === undefined) others.set(key, [{ step, value: list[k + 1]! }]);
      else known.push({ step, value: list[k + 1]! });
    });
    const answer = scheduler().onReport(view, trial.number, report);
    answers.push({ asked: "report", number: trial.number, report, answer });
    if (checkpoints === "step") trial.checkpointStep = step;
    apply(run, answer);
  }
  for (const trial of trials.values()) {
    if (!isFinal(trial.state) && trial.state !== "paused") fail(`leaves trial ${trial.number} ${trial.state}`);
  }
  return { trials, view, answers, trained, waits, time };
}
