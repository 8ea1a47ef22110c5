/**
 * Trials driven from outside (`basin ask-tell`): asked, reported on and told by a client instead of a trainer process.
 * Invariant: an asked trial is `running` in the name of its client; when that goes away it waits again and is the first to be
 * handed out; a result told for it in the meantime is taken all the same.
 */
import { BasinError } from "../core/errors.ts";
import { isFinal } from "../core/trial.ts";
import type { EngineParams, EngineResult } from "../protocol/engine.ts";
import type { StudyRunner } from "./studyRunner.ts";
import type { TrialRun } from "./trialRun.ts";

export class ExternalTrials {
  readonly #runner: StudyRunner;
  #asking: Promise<unknown> = Promise.resolve();

  constructor(runner: StudyRunner) {
    this.#runner = runner;
  }

  /** Hands out up to `count` trials; fewer, or none, when the budget is given out. One caller at a time. */
  ask(count: number, owner: unknown): Promise<EngineResult<"ask">> {
    const turn = this.#asking.then(() => this.#ask(count, owner));
    this.#asking = turn.catch(() => undefined);
    return turn;
  }

  async #ask(count: number, owner: unknown): Promise<EngineResult<"ask">> {
    await this.#requireOn();
    const trials: EngineResult<"ask">["trials"][number][] = [];
    let reason: string | undefined;
    while (trials.length < count && this.#runner.on) {
      const next = await this.#runner.nextTrial();
      if (next?.kind === "nothing") ({ reason } = next);
      if (next?.kind !== "trial") break;
      const resumed = next.trial.attempt > 0;
      const slot = this.#runner.live.freeSlot(Number.POSITIVE_INFINITY) ?? 0;
      const { run } = this.#runner.live.open(next.trial, { ...next.plan, slot }, owner);
      const { number, params, parent } = next.trial;
      trials.push({
        number,
        params,
        resumed,
        ...(run.untilStep === undefined ? {} : { untilStep: run.untilStep }),
        ...(parent === undefined || resumed ? {} : { parent }),
      });
    }
    if (trials.length === 0) this.#runner.checkEnd(reason);
    return { trials };
  }

  async tell({ number, values, state }: EngineParams<"tell">, owner: unknown): Promise<void> {
    const runner = this.#runner;
    await runner.book.load();
    // The scheduler ended it, and the client says that it knows.
    if (state === "pruned" && runner.book.trial(number)?.state === "pruned") return;
    const run = await this.#take(number, owner);
    runner.flush();
    if (run.settled) throw this.#alreadyFinal(number);
    const { objectives } = runner.definition;
    const outcome = state ?? (values === undefined ? undefined : "complete");
    if (outcome === undefined) {
      throw new BasinError(
        "invalid-argument",
        `A result for trial ${number} needs values or a state.`,
        'For example {"values": [0.97]} or {"state": "failed"}.',
      );
    }
    if (outcome === "complete") {
      if (values?.length !== objectives.length) {
        throw new BasinError(
          "invalid-argument",
          `Trial ${number} was told with ${values?.length ?? 0} values, but the study has ${objectives.length}: ${objectives.map(({ metric }) => metric).join(", ")}.`,
          "One value per objective, in this order.",
        );
      }
      runner.live.complete(
        run,
        Object.fromEntries(objectives.map(({ metric }, i) => [metric, values[i] ?? Number.NaN])),
      );
    } else {
      runner.live.finish(run, outcome, [], outcome === "failed" ? "Told as failed." : "Told as pruned.");
    }
    runner.checkEnd();
  }

  async report({ number, step, value }: EngineParams<"report">, owner: unknown): Promise<EngineResult<"report">> {
    const runner = this.#runner;
    await runner.book.load();
    const run = await this.#take(number, owner);
    if (!run.settled) {
      run.decision = undefined;
      runner.live.flow.push(run, step, { [runner.definition.objectives[0].metric]: value });
      runner.flush();
    }
    const { decision } = run;
    if (decision === undefined) {
      if (run.settled) throw this.#alreadyFinal(number);
      return { decision: "continue", reason: "" };
    }
    runner.checkEnd();
    return { decision: decision.decision === "pause" ? "pause" : "stop", reason: decision.reason };
  }

  /** The client is gone: what it was working on waits for the next one. */
  leave(owner: unknown): void {
    for (const run of this.#runner.live.active.values()) {
      if (run.owner === owner && !run.settled) {
        this.#runner.live.suspend(run, "waiting", "The program that asked for it went away.");
      }
    }
  }

  /** The trial as something that is worked on; one that was put back meanwhile is taken up again. */
  async #take(number: number, owner: unknown): Promise<TrialRun> {
    const runner = this.#runner;
    const running = runner.live.active.get(number);
    if (running !== undefined) return running;
    const known = runner.book.trial(number);
    if (known === undefined) {
      throw new BasinError("unknown-trial", `${runner.study.title} has no trial ${number}.`, "Ask for trials first.");
    }
    if (isFinal(known.state)) throw this.#alreadyFinal(number);
    if (known.attempt === 0) {
      throw new BasinError("wrong-state", `Trial ${number} has not been asked for yet.`, "Ask for trials first.");
    }
    await this.#requireOn();
    const again = runner.live.active.get(number);
    if (again !== undefined) return again;
    const slot = runner.live.freeSlot(Number.POSITIVE_INFINITY) ?? 0;
    return runner.live.open(known, { slot, untilStep: known.untilStep }, owner).run;
  }

  async #requireOn(): Promise<void> {
    await this.#runner.ready();
    const { study } = this.#runner;
    if (this.#runner.on || study.record.state === "complete") return;
    throw new BasinError("wrong-state", `${study.title} is ${study.record.state}.`, "Resume it first.");
  }

  #alreadyFinal(number: number): BasinError {
    const state = this.#runner.book.trial(number)?.state ?? "finished";
    return new BasinError("wrong-state", `Trial ${number} is already ${state}.`, "A finished trial never changes.");
  }
}
