/**
 * Who takes part: Basin's samplers, in this process, and Optuna's, in a Python process that is asked and told the same way.
 * Invariant: a contender sees the space and the values, never the task.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { BasinError } from "../../../src/core/errors.ts";
import type { Objective } from "../../../src/core/objective.ts";
import { rngFor } from "../../../src/core/rng.ts";
import type { Params, Space } from "../../../src/core/space/parameter.ts";
import type { FinishedTrial } from "../../../src/core/trial.ts";
import type { SamplerEntry } from "../../../src/samplers/entry.ts";
import { samplerStream } from "../../../src/samplers/sampler.ts";

/** One study of a contender. */
export interface Player {
  /** The next configuration and the CPU it took, in milliseconds; undefined when it has nothing left to try. */
  ask(): Promise<{ readonly params: Params; readonly cpuMs: number } | undefined>;
  tell(params: Params, values: readonly number[]): void;
}

export interface StudyFacts {
  readonly space: Space;
  readonly objectives: number;
  readonly trials: number;
}

export interface Contender {
  readonly name: string;
  /** Refuses studies with several objectives. */
  readonly singleObjective?: true;
  /** A study of `trials` trials with so many objectives, all minimised. */
  start(study: StudyFacts, seed: number): Player;
  close(): void;
}

/** `count` objectives to minimise. */
function losses(count: number): [Objective, ...Objective[]] {
  const more = Array.from({ length: count - 1 }, (_, i): Objective => ({
    metric: `loss${i + 2}`,
    direction: "minimize",
  }));
  return [{ metric: "loss", direction: "minimize" }, ...more];
}

const processorMs = (): number => process.threadCpuUsage().user / 1000;

export function ownContender(entry: SamplerEntry, name: string, options: Readonly<Record<string, unknown>>): Contender {
  return {
    name,
    start({ space, objectives, trials }, seed) {
      const history: FinishedTrial[] = [];
      const sampler = entry.create(
        {
          space,
          objectives: losses(objectives),
          isFeasible: () => true,
          budgetTrials: trials,
          parallel: 1,
          rng: samplerStream(seed),
        },
        options,
      );
      return {
        async ask() {
          const number = history.length;
          const from = processorMs();
          try {
            const { params } = await sampler.suggest({
              history,
              pending: [],
              number,
              rng: rngFor(seed, number, "suggest"),
            });
            return { params, cpuMs: processorMs() - from };
          } catch (error) {
            if (error instanceof BasinError && error.code === "space-exhausted") return undefined;
            throw error;
          }
        },
        tell: (params, values) => history.push({ number: history.length, state: "complete", params, values }),
      };
    },
    close: () => undefined,
  };
}

/** Those of Optuna that refuse several objectives. */
const singleObjective = new Set(["cmaes"]);

/** @param python a Python with Optuna 5 @param sampler as optuna_peer.py names it: "random", "tpe", "gp", "cmaes" ... */
export function optunaContender(python: string, sampler: string): Contender {
  const child = spawn(python, [path.join(import.meta.dirname, "optuna_peer.py")], {
    stdio: ["pipe", "pipe", "inherit"],
    // One thread, as ours.
    env: { ...process.env, OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = (message: object): void => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
  };
  return {
    name: `Optuna ${sampler}`,
    ...(singleObjective.has(sampler) ? { singleObjective: true as const } : {}),
    start({ space, objectives }, seed) {
      say({ start: { sampler, seed, space, objectives } });
      return {
        async ask() {
          say({ ask: true });
          const line = await lines.next();
          if (line.done === true) throw new Error("Optuna's process has ended; its error is above.");
          return JSON.parse(line.value) as { params: Params; cpuMs: number };
        },
        tell: (_params, values) => say({ tell: values }),
      };
    },
    close: () => child.stdin.end(),
  };
}
