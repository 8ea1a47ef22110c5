/**
 * Plays whole studies for a benchmark and says what became of them: engine, store, sampler, scheduler and the built-in trainer,
 * all in this process.
 * Invariant: a study is a function of its text and its data; studies are played one after the other, in a workspace of their
 * own that is thrown away.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Params } from "../../../src/core/space/parameter.ts";
import type { TrialState } from "../../../src/core/trial.ts";
import { type Clock, systemClock } from "../../../src/engine/clock.ts";
import { startEngine } from "../../../src/engine/engine.ts";
import { silentLog } from "../../../src/engine/log.ts";
import type { TrialDetail } from "../../../src/protocol/engine.ts";
import { createInProcessExecutor } from "./inProcessExecutor.ts";

export interface PlayedTrial {
  readonly number: number;
  readonly state: TrialState;
  readonly params: Params;
  readonly values: readonly number[];
  /** Final metrics, or the last reported ones. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The first objective's first. */
  readonly curves: TrialDetail["curves"];
  readonly reason: string;
}

export interface PlayedStudy {
  readonly studyId: number;
  readonly state: string;
  readonly reason: string;
  readonly trials: readonly PlayedTrial[];
  /** Every epoch that was trained, in the order of training; one that was trained again is in it again. */
  readonly epochs: readonly PlayedEpoch[];
  /** Processor seconds spent in trials. */
  readonly trainingCpuSeconds: number;
}

export interface PlayedEpoch {
  readonly number: number;
  readonly step: number;
  /** The first objective after it; NaN when it was not reported. */
  readonly value: number;
}

export interface StudyPlayer {
  /**
   * @param text of a study; `budget.parallel` should be 1
   * @param mostEpochs ends the study when so many epochs have been trained over all its trials
   */
  play(text: string, mostEpochs?: number): Promise<PlayedStudy>;
  close(): Promise<void>;
}

export interface PlayerOptions {
  /** Files that the studies read, copied beside them. */
  readonly files: readonly string[];
  /** The thread program of heavy samplers (dist/sampler.cjs). */
  readonly samplerThread: string;
}

/** What is due soon is due at once: a report is judged before the next epoch begins, so no epoch depends on the machine's pace. */
const hastyClock: Clock = {
  now: () => systemClock.now(),
  after: (ms, work) => {
    if (ms > 50) return systemClock.after(ms, work);
    const soon = setImmediate(work);
    return () => clearImmediate(soon);
  },
};

export async function openPlayer({ files, samplerThread }: PlayerOptions): Promise<StudyPlayer> {
  const workspace = mkdtempSync(path.join(os.tmpdir(), "basin-bench-"));
  for (const file of files) cpSync(file, path.join(workspace, path.basename(file)), { recursive: true });
  let epochs: PlayedEpoch[] = [];
  let trained: (studyId: number) => void = () => undefined;
  const executor = createInProcessExecutor(({ studyId, study, number }, step, metrics) => {
    epochs.push({ number, step, value: metrics[study.objectives[0].metric] ?? Number.NaN });
    trained(studyId);
  });
  const engine = await startEngine({
    workspace,
    foreground: true,
    executor,
    clock: hastyClock,
    log: silentLog,
    samplerThread,
  });
  const file = path.join(workspace, "bench.study.yaml");
  return {
    async play(text, mostEpochs = Infinity) {
      const before = executor.cpuSeconds;
      writeFileSync(file, text);
      epochs = [];
      const ended = new Promise<void>((resolve, reject) => {
        const forget = engine.onNotification("study.ended", () => {
          forget();
          resolve();
        });
        trained = (id) => {
          // One more than wanted, so that a trial that ends with the last one has its result.
          if (epochs.length !== mostEpochs + 1) return;
          forget();
          engine.request("study.stop", { studyId: id }).then(() => resolve(), reject);
        };
      });
      const { studyId } = await engine.request("study.start", { path: file, text, mode: "fresh" });
      await ended;
      const { state, reason } = await engine.request("study.get", { studyId });
      const { total } = await engine.request("trial.rows", { studyId, sort: "number", offset: 0, limit: 1 });
      const trials: PlayedTrial[] = [];
      for (let number = 0; number < total; number++) {
        const detail = await engine.request("trial.get", { studyId, number });
        trials.push({
          number,
          state: detail.state,
          params: detail.params,
          values: detail.values,
          metrics: detail.metrics,
          curves: detail.curves,
          reason: detail.reason,
        });
      }
      await engine.request("study.delete", { studyId });
      const played = epochs.slice(0, mostEpochs);
      return { studyId, state, reason, trials, epochs: played, trainingCpuSeconds: executor.cpuSeconds - before };
    },
    async close() {
      await engine.close("bench");
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}
