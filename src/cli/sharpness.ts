/**
 * `basin sharpness <study> <trial>`: how the loss looks around a trial's weights, computed by the engine and kept by it.
 * Invariant: Ctrl-C ends the computation; a result that is there is shown at once.
 */
import { setTimeout as delay } from "node:timers/promises";
import { BasinError } from "../core/errors.ts";
import type { FlatnessKind, FlatnessResult } from "../core/flatness.ts";
import { formatNumber } from "../core/format.ts";
import { estimators, type EstimatorId } from "../core/sharpness.ts";
import { estimatorIds } from "../core/study/diagnostics.ts";
import { didYouMean } from "../core/study/suggest.ts";
import type { FlatnessJob, FlatnessQuestion } from "../protocol/flatness.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { createOutput, type Output } from "./output.ts";
import { type Asker, nothingStored, withSession } from "./session.ts";
import { findStudy, workspaceOfRef } from "./studyRef.ts";
import { table, toJson } from "./text.ts";

export interface SharpnessOptions {
  readonly json?: boolean;
  /** Separated by commas or spaces; "all". */
  readonly estimators?: readonly string[];
  readonly landscape?: Exclude<FlatnessKind, "sharpness">;
  readonly to?: number;
  readonly points?: number;
  readonly samples?: number;
  readonly batch?: number;
  readonly workspace?: string;
}

/** Between two looks at how far it is. */
const lookEveryMs = 200;

/** The request that the options stand for. @throws BasinError `invalid-argument` */
export function questionOf(options: SharpnessOptions): FlatnessQuestion {
  const { landscape, points, samples, to } = options;
  const common = { ...(points === undefined ? {} : { points }), ...(samples === undefined ? {} : { samples }) };
  if (landscape === undefined) {
    const { batch } = options;
    const asked = estimatorsOf(options.estimators ?? []);
    return {
      kind: "sharpness",
      ...(asked.length === 0 ? {} : { estimators: asked }),
      ...(samples === undefined ? {} : { samples }),
      ...(batch === undefined ? {} : { batch }),
    };
  }
  if (options.estimators !== undefined)
    throw new BasinError(
      "invalid-argument",
      "A landscape has no estimators.",
      "Leave out --estimators or --landscape.",
    );
  if (landscape !== "path") return { kind: landscape, ...common };
  if (to === undefined)
    throw new BasinError("invalid-argument", "A path needs its other end.", "Name the other trial: --to <trial>.");
  return { kind: "path", to, ...common };
}

function estimatorsOf(words: readonly string[]): EstimatorId[] {
  const names = words.flatMap((word) => word.split(/[\s,]+/)).filter((name) => name !== "");
  if (names.includes("all")) return [...estimatorIds];
  return names.map((name) => {
    const id = estimatorIds.find((one) => one === name);
    if (id !== undefined) return id;
    throw new BasinError(
      "invalid-argument",
      `There is no estimator "${name}".${didYouMean(name, estimatorIds)}`,
      `The estimators are ${estimatorIds.join(", ")}; or all.`,
    );
  });
}

export async function sharpnessCommand(ref: string, trial: number, options: SharpnessOptions): Promise<ExitCode> {
  const request = questionOf(options);
  const workspace = workspaceOfRef(ref, options.workspace);
  const output = createOutput(options.json === true);
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const done = withSession(
    workspace,
    "look",
    async (client) => {
      const study = await findStudy(client, ref);
      const job = await client.request("flatness.compute", { studyId: study.id, number: trial, request });
      const ended = await follow(client, study.id, job, output, interrupt.signal);
      if (ended.state === "cancelled") return exitCodes.interrupted;
      if (ended.state === "failed") throw new BasinError("trainer", ended.reason);
      const result = await client.request("flatness.result", { studyId: study.id, id: ended.id });
      if (options.json === true) output.result(toJson({ study: study.name, trial, request: ended.request, ...result }));
      else for (const line of resultLines(study.name, trial, result)) output.result(line);
      return exitCodes.done;
    },
    () => nothingStored(workspace),
  );
  return done.finally(() => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  });
}

/** Waits for the job's end, and ends it when the person does not want to. */
async function follow(
  client: Asker,
  studyId: number,
  job: FlatnessJob,
  output: Output,
  interrupt: AbortSignal,
): Promise<FlatnessJob> {
  const terminal = output.stream.isTTY;
  let current = job;
  try {
    while (current.state === "waiting" || current.state === "running") {
      if (terminal) {
        const far = current.state === "waiting" ? "waiting" : `${Math.round(100 * current.progress)}%`;
        output.stream.write(`\r${far.padEnd(8)}`);
      }
      if (interrupt.aborted) await client.request("flatness.cancel", { studyId, id: job.id });
      else await delay(lookEveryMs, undefined, { signal: interrupt }).catch(() => undefined);
      const jobs = await client.request("flatness.list", { studyId });
      const found = jobs.find(({ id }) => id === job.id);
      if (found === undefined) throw new BasinError("cancelled", "The study was deleted meanwhile.");
      current = found;
    }
    return current;
  } finally {
    if (terminal) output.stream.write(`\r${" ".repeat(8)}\r`);
  }
}

/** The result for a person. */
export function resultLines(study: string, trial: number, result: FlatnessResult): string[] {
  const { backend, epoch, finished, samples, seconds } = result;
  const weights = finished ? "final weights" : "checkpoint";
  return [
    `${study}, trial ${trial}: ${weights}, epoch ${epoch}, ${samples} training samples (${backend}, ${seconds.toFixed(1)} s)`,
    ...valueLines(result).map((line) => `  ${line}`),
  ];
}

function valueLines(result: FlatnessResult): string[] {
  switch (result.kind) {
    case "sharpness": {
      const named = Object.entries(result.values).map(([id, value]) => [id, formatNumber(value), labelOf(id)]);
      const failed = Object.entries(result.failures).map(([id, reason]) => [id, "–", reason]);
      return table([...named, ...failed]);
    }
    case "line":
    case "plane": {
      const { losses, positions } = result;
      const middle = losses[Math.floor(losses.length / 2)] ?? Number.NaN;
      const size = result.kind === "plane" ? `${positions.length} x ${positions.length}` : String(positions.length);
      return table([
        ["points", `${size} from ${formatNumber(positions[0] ?? 0)} to ${formatNumber(positions.at(-1) ?? 0)}`],
        ["loss in the middle", formatNumber(middle)],
        ["smallest loss", formatNumber(extreme(losses, Math.min))],
        ["largest loss", formatNumber(extreme(losses, Math.max))],
      ]);
    }
    case "path":
      return table([
        ["loss here", formatNumber(result.losses[0] ?? Number.NaN)],
        ["loss there", formatNumber(result.losses.at(-1) ?? Number.NaN)],
        ["barrier", `${formatNumber(result.barrier)} at ${formatNumber(result.barrierAt)} of the way`],
      ]);
    case "spectrum":
      break;
  }
  return table([
    ["smallest eigenvalue", formatNumber(result.smallest)],
    ["largest eigenvalue", formatNumber(result.largest)],
  ]);
}

function extreme(values: readonly number[], choose: (a: number, b: number) => number): number {
  return values.filter((value) => !Number.isNaN(value)).reduce((a, b) => choose(a, b), values[0] ?? Number.NaN);
}

function labelOf(id: string): string {
  return Object.hasOwn(estimators, id) ? estimators[id as EstimatorId].label : "";
}
