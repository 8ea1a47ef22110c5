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
import { startEngine } from "../../../src/engine/engine.ts";
import { silentLog } from "../../../src/engine/log.ts";
import type { TrialDetail } from "../../../src/protocol/engine.ts";
import type { AttemptColumns } from "../../../src/protocol/schedule.ts";
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
  /** Every epoch that was trained, in the order of training. */
  readonly epochs: readonly PlayedEpoch[];
  /** Processor seconds spent in trials. */
  readonly trainingCpuSeconds: number;
}

export interface PlayedEpoch {
  readonly number: number;
  readonly step: number;
  /** The first objective after it; NaN when it was trained again, or not reported. */
  readonly value: number;
}

export interface StudyPlayer {
  /** @param text of a study; `budget.parallel` should be 1 */
  play(text: string): Promise<PlayedStudy>;
  close(): Promise<void>;
}

function epochsOf(trials: readonly PlayedTrial[], attempts: AttemptColumns): PlayedEpoch[] {
  const values = trials.map(({ curves }) => {
    const [first] = curves;
    return new Map([...(first?.steps ?? [])].map((step, i) => [step, first?.values[i] ?? Number.NaN]));
  });
  const order = Array.from(attempts.number, (_, i) => i).toSorted(
    (a, b) => attempts.startedAt[a]! - attempts.startedAt[b]! || a - b,
  );
  const seen = new Set<string>();
  return order.flatMap((i) => {
    const number = attempts.number[i]!;
    const [from, to] = [attempts.fromStep[i]!, attempts.toStep[i]!];
    if (!(to > from)) return [];
    return Array.from({ length: to - from }, (_, k): PlayedEpoch => {
      const step = from + k + 1;
      const again = seen.has(`${number} ${step}`);
      seen.add(`${number} ${step}`);
      return { number, step, value: again ? Number.NaN : (values[number]?.get(step) ?? Number.NaN) };
    });
  });
}

export interface PlayerOptions {
  /** Files that the studies read, copied beside them. */
  readonly files: readonly string[];
  /** The thread program of heavy samplers (dist/sampler.cjs). */
  readonly samplerThread: string;
}

export async function openPlayer({ files, samplerThread }: PlayerOptions): Promise<StudyPlayer> {
  const workspace = mkdtempSync(path.join(os.tmpdir(), "basin-bench-"));
  for (const file of files) cpSync(file, path.join(workspace, path.basename(file)), { recursive: true });
  const executor = createInProcessExecutor();
  const engine = await startEngine({ workspace, foreground: true, executor, log: silentLog, samplerThread });
  const file = path.join(workspace, "bench.study.yaml");
  return {
    async play(text) {
      const before = executor.cpuSeconds;
      writeFileSync(file, text);
      const ended = new Promise<void>((resolve) => {
        const forget = engine.onNotification("study.ended", () => {
          forget();
          resolve();
        });
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
      const { attempts } = await engine.request("study.schedule", { studyId });
      const trainingCpuSeconds = executor.cpuSeconds - before;
      return { studyId, state, reason, trials, epochs: epochsOf(trials, attempts), trainingCpuSeconds };
    },
    async close() {
      await engine.close("bench");
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}
