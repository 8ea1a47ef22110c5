/**
 * What ends a study before its trials or its time are used up: epochs, GPU-hours, patience, and what is left to gain.
 * Invariant: one regret bound is computed at a time, in a thread of its own, and of the trials as they were when it began.
 */
import { Worker } from "node:worker_threads";
import { errorText } from "../core/errors.ts";
import { formatNumber } from "../core/format.ts";
import type { StudyDefinition } from "../core/study/definition.ts";
import type { RegretBound } from "../samplers/gp/regretBound.ts";
import { patienceOver, spentUp } from "./budget.ts";
import { Improvement } from "./improvement.ts";
import type { LiveTrials } from "./liveTrials.ts";
import type { RegretTask } from "./sampling/regretTask.ts";
import { spentOf } from "./spent.ts";
import type { Study } from "./study.ts";

/** Complete trials before which a model's bounds mean nothing (as in the paper). */
const fewestTrials = 20;

export interface StudyEndsOptions {
  readonly study: Study;
  readonly live: LiveTrials;
  readonly definition: () => StudyDefinition;
  /** The study is complete. */
  readonly end: (reason: string, trialReason: string) => void;
}

export class StudyEnds {
  readonly #options: StudyEndsOptions;
  readonly #improvement: Improvement;
  #worker: Worker | undefined;
  /** Complete trials when the last bound was begun. */
  #boundOf = 0;
  #over = false;

  constructor(options: StudyEndsOptions) {
    this.#options = options;
    this.#improvement = new Improvement(options.definition().objectives);
  }

  /** Something was trained. */
  checkSpent(): void {
    const { study, live, definition, end } = this.#options;
    if (this.#over) return;
    const spent = spentUp(definition().budget, spentOf(study, live));
    if (spent !== undefined) end(`The ${spent.why}.`, `The study's ${spent.why}.`);
  }

  /** A trial has ended: why the study is over now; undefined while it is not. */
  afterTrial(): string | undefined {
    const { study, definition } = this.#options;
    const { budget } = definition();
    const patience = patienceOver(budget, this.#improvement.since(study.book.history));
    if (patience === undefined && budget.regret !== undefined) this.#bound();
    return patience;
  }

  /** The study does not run any more. */
  leave(): void {
    this.#over = true;
    void this.#worker?.terminate();
  }

  /** Computes the bound anew if there are new trials. */
  #bound(): void {
    const { study, definition, end } = this.#options;
    const complete = study.book.history.filter(({ state }) => state === "complete");
    if (this.#over || this.#worker !== undefined || complete.length < Math.max(fewestTrials, this.#boundOf + 1)) return;
    this.#boundOf = complete.length;
    const task: RegretTask = {
      kind: "regret",
      definition: definition(),
      trials: complete.map(({ params, values }) => ({ params, value: values[0] ?? Number.NaN })),
    };
    const worker = new Worker(study.parts.samplerThread, { execArgv: [], name: "regret", workerData: task });
    this.#worker = worker;
    let bound: RegretBound | undefined;
    worker.on("message", (message: RegretBound) => (bound = message));
    worker.on("error", (error) =>
      study.log.add("warning", "runner", `What is left to gain could not be estimated: ${errorText(error)}.`),
    );
    worker.on("exit", () => {
      this.#worker = undefined;
      if (this.#over) return;
      const limit = definition().budget.regret;
      if (bound === undefined || limit === undefined) return;
      if (bound.regret <= limit) {
        end(
          `At most ${formatNumber(Number(bound.regret.toPrecision(2)))} is left to gain (budget.regret is ${formatNumber(limit)}): ` +
            `so far the lowest upper confidence bound of ${complete.length} complete trials lies above the lowest lower one of ` +
            `${formatNumber(bound.looked)} configurations, by a Gaussian process.`,
          "Little is left to gain.",
        );
      } else {
        // Trials that ended meanwhile.
        this.#bound();
      }
    });
  }
}
