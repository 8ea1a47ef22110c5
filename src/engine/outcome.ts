/**
 * What became of a trial, in words a person can act on.
 * Invariant: pure; a reason names what happened, the limit or metric concerned and, where there is one, the trainer's last
 * line of output.
 */
import { formatNumber } from "../core/format.ts";
import type { Objective } from "../core/objective.ts";
import type { Limits } from "../core/study/definition.ts";
import type { TrialExit } from "../executors/executor.ts";

const maxLine = 300;

/** Reason of a trial whose process ended without a result. @param lastLine of the trainer's log, "" if it said nothing */
export function exitReason(exit: TrialExit, limits: Limits, lastLine: string): string {
  const said = lastLine === "" ? " It printed nothing." : ` Its last line: ${clip(lastLine)}`;
  switch (exit.kind) {
    case "exited":
      return exit.code === 0
        ? `The trainer ended without reporting a result (exit code 0).${said}`
        : `The trainer failed with exit code ${exit.code}.${said}`;
    case "signal": {
      const hint = exit.signal === "SIGKILL" ? " The system does this when memory runs out." : "";
      return `The trainer was killed by ${exit.signal}.${hint}${said}`;
    }
    case "killed":
      switch (exit.cause) {
        case "timeout":
          return `Ended after ${limits.timeout ?? 0} s, the time limit of a trial (limits.timeout).${said}`;
        case "heartbeat":
          if (exit.detail !== undefined) return `Ended after ${exit.detail}: it hangs.${said}`;
          return `Ended after ${limits.heartbeat ?? 0} s without a sign of life (limits.heartbeat): it hangs.${said}`;
        case "log-limit":
          return `Ended because it printed more than a trial may.${said}`;
        case "memory":
          return `Ended before the system had to kill something for want of memory: ${exit.detail ?? "next to nothing was left"}. A smaller batch or model, or fewer trials at once (budget.parallel), needs less.${said}`;
        case "requested":
          return "Ended on request.";
        default:
          return exit.cause satisfies never;
      }
    case "spawn-failed":
      return `The trainer could not be started: ${exit.message}`;
    default:
      return exit satisfies never;
  }
}

export type FinalValues =
  | { readonly ok: true; readonly values: readonly number[] }
  | { readonly ok: false; readonly reason: string };

/** Objective values among the final metrics, or why the trial has failed. */
export function finalValues(objectives: readonly Objective[], metrics: ReadonlyMap<string, number>): FinalValues {
  const values: number[] = [];
  for (const { metric } of objectives) {
    const value = metrics.get(metric);
    if (value === undefined) {
      const names = [...metrics.keys()];
      const reported =
        names.length === 0 ? "It reported no metric at all." : `It reported: ${names.slice(0, 20).join(", ")}.`;
      return { ok: false, reason: `The trainer never reported the objective "${metric}". ${reported}` };
    }
    if (Number.isNaN(value))
      return { ok: false, reason: `The objective "${metric}" is not a number (NaN) at the end.` };
    values.push(value);
  }
  return { ok: true, values };
}

/** "val_accuracy 0.9812, loss 0.07". */
export function valuesText(objectives: readonly Objective[], values: readonly number[]): string {
  return objectives.map(({ metric }, i) => `${metric} ${formatNumber(values[i] ?? Number.NaN)}`).join(", ");
}

function clip(line: string): string {
  return line.length <= maxLine ? line : `${line.slice(0, maxLine)}…`;
}
