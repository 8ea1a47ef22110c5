/**
 * A workspace in a temporary folder with an engine in this process, for tests.
 * Invariant: `dispose` ends every engine it started and removes the folder.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Executor } from "../../executors/executor.ts";
import type { StartResult, StudyDetail } from "../../protocol/engine.ts";
import { type EngineOptions, type RunningEngine, startEngine } from "../engine.ts";
import { silentLog } from "../log.ts";

export interface Fixture {
  readonly workspace: string;
  readonly engine: RunningEngine;
  /** Ends the engine in order and starts another one. */
  restart(executor: Executor): Promise<void>;
  /** Starts a study text as `<name>.study.yaml`. */
  start(text: string, mode?: "continue" | "fresh"): Promise<StartResult>;
  study(id: number): Promise<StudyDetail>;
  dispose(): Promise<void>;
}

export async function engineFixture(executor: Executor, options: Partial<EngineOptions> = {}): Promise<Fixture> {
  const workspace = mkdtempSync(path.join(os.tmpdir(), "basin-engine-"));
  const open = (using: Executor): Promise<RunningEngine> =>
    startEngine({ workspace, foreground: true, executor: using, log: silentLog, ...options });
  let engine = await open(executor);
  return {
    workspace,
    get engine() {
      return engine;
    },
    async restart(using) {
      await engine.close("test");
      engine = await open(using);
    },
    start(text, mode = "continue") {
      const name = /^study: *(\S+)/m.exec(text)?.[1] ?? "study";
      const file = path.join(workspace, `${name}.study.yaml`);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
      return engine.request("study.start", { path: file, text, mode });
    },
    study: (id) => engine.request("study.get", { studyId: id }),
    async dispose() {
      await engine.close("test");
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

/** A small study for the fake executor. */
export function studyText(options: {
  readonly name?: string;
  readonly trials?: number;
  readonly parallel?: number;
  readonly seed?: number;
  readonly trainer?: string;
  readonly sampler?: string;
  readonly scheduler?: string;
  readonly objective?: string;
  readonly high?: number;
  readonly time?: string;
}): string {
  const budget = [
    options.trials === undefined ? "" : `trials: ${options.trials}, `,
    options.time === undefined ? "" : `time: ${options.time}, `,
    `parallel: ${options.parallel ?? 1}`,
  ].join("");
  return `study: ${options.name ?? "test"}
objective: ${options.objective ?? "{ metric: loss, direction: minimize }"}
trainer: ${options.trainer ?? "{ kind: command, run: [node, train.js] }"}
space:
  x: { type: float, low: 0, high: ${options.high ?? 1} }
  n: { type: int, low: 1, high: 100, log: true }
  kind: { type: categorical, choices: [a, b, c] }
sampler: ${options.sampler ?? "{ kind: random }"}
scheduler: ${options.scheduler ?? "{ kind: none }"}
budget: { ${budget} }
seed: ${options.seed ?? 1}
`;
}

/** Resolves when `ready` answers something else than undefined or false; fails after 20 s. */
export async function until<T>(ready: () => T | Promise<T>, what = "the condition"): Promise<NonNullable<T>> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const value = await ready();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** Resolves with the study once it is in one of the states. */
export function untilState(fixture: Fixture, id: number, ...states: readonly string[]): Promise<StudyDetail> {
  return until(
    async () => {
      const study = await fixture.study(id);
      return states.includes(study.state) ? study : undefined;
    },
    `study ${id} to be ${states.join(" or ")}`,
  );
}
