/**
 * Helpers for the executor's tests: a job around a command, and a record of everything that happened to it.
 * Invariant: nothing here is imported by code that ships.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { CommandTrainerSpec, Limits, StudyDefinition } from "../../core/study/definition.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { TrainerEvent } from "../../trainers/protocol.ts";
import type { Executor, RunningTrial, TrialExit, TrialJob } from "../executor.ts";

export const repositoryRoot = path.resolve(import.meta.dirname, "../../..");
export const trainersFolder = path.join(repositoryRoot, "test", "fixtures", "trainers");

export interface JobOptions {
  readonly run: readonly string[];
  readonly folder: string;
  readonly trainer?: Partial<CommandTrainerSpec>;
  readonly limits?: Partial<Limits>;
  readonly space?: Space;
  readonly params?: Params;
  readonly number?: number;
  readonly attempt?: number;
  readonly parallel?: number;
}

/** A trial's job for a command trainer; its folder is made below `folder`. */
export function commandJob(options: JobOptions): TrialJob {
  const number = options.number ?? 0;
  const trialFolder = path.join(options.folder, ".basin", "trials", String(number));
  mkdirSync(trialFolder, { recursive: true });
  const params = options.params ?? {};
  const study: StudyDefinition = {
    name: "contained",
    objectives: [{ metric: "accuracy", direction: "maximize" }],
    trainer: { kind: "command", run: options.run, shell: false, cwd: ".", env: {}, metrics: [], ...options.trainer },
    limits: { gpus: 1, ...options.limits },
    space: options.space ?? Object.entries(params).map(([name, value]) => ({ name, type: "constant", value })),
    constraints: [],
    sampler: { kind: "random", options: {} },
    scheduler: { kind: "none", options: {} },
    budget: { trials: 1, parallel: options.parallel ?? 1 },
    seed: 1,
  };
  return {
    studyId: 1,
    study,
    studyFolder: options.folder,
    number,
    attempt: options.attempt ?? 1,
    params,
    seed: 7,
    trialFolder,
    slot: 0,
  };
}

export interface Recording {
  readonly trial: RunningTrial;
  readonly events: TrainerEvent[];
  readonly warnings: string[];
  /** Resolves at the exit; rejects when a callback came after it. */
  readonly exit: Promise<TrialExit>;
  /** Callbacks that came after the exit, by name. */
  readonly late: string[];
  /** Resolves when an event for which `wanted` holds has come. */
  waitFor(wanted: (event: TrainerEvent) => boolean): Promise<TrainerEvent>;
}

/** Starts a job and records what it calls back. */
export function record(executor: Executor, job: TrialJob): Recording {
  const events: TrainerEvent[] = [];
  const warnings: string[] = [];
  const late: string[] = [];
  const waiting: { wanted: (event: TrainerEvent) => boolean; resolve: (event: TrainerEvent) => void }[] = [];
  let over = false;
  const { promise: exit, resolve } = Promise.withResolvers<TrialExit>();
  const trial = executor.start(job, {
    event(event) {
      if (over) late.push("event");
      events.push(event);
      for (const entry of waiting) if (entry.wanted(event)) entry.resolve(event);
    },
    warning(message) {
      if (over) late.push("warning");
      warnings.push(message);
    },
    exit(how) {
      if (over) late.push("exit");
      over = true;
      resolve(how);
    },
  });
  return {
    trial,
    events,
    warnings,
    exit,
    late,
    waitFor(wanted) {
      const known = events.find((event) => wanted(event));
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve) => waiting.push({ wanted, resolve }));
    },
  };
}

/** A folder under the system's temporary one, and how to remove it. */
export function temporaryFolder(prefix: string): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), `basin-${prefix}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Polls until `condition` holds; throws after `timeoutMs`, naming `what`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
