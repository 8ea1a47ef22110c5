/**
 * Metrics read off the output of a program nobody may touch, by the study's regular expressions.
 * Invariant: no pattern can hold the engine up: lines over `longestLine` are not matched, matching runs under a time limit,
 * and a pattern that passes it is given up for the trial with a warning.
 */
import { createContext, Script } from "node:vm";
import type { MetricPattern } from "../../core/study/definition.ts";

export const longestLine = 2_000;

export interface MatchedReport {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface MetricMatcher {
  /** Reports found in whole lines of output, in their order. */
  match(block: string): MatchedReport[];
  /** Last value of each metric so far. */
  readonly last: Readonly<Record<string, number>>;
}

interface Compiled {
  readonly metric: string;
  readonly expression: RegExp;
  active: boolean;
  count: number;
}

/** Number as programs print it: also `nan`, `inf`, `+Infinity` in any case; undefined when it is none. */
export function printedNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^[+-]?nan$/i.test(trimmed)) return Number.NaN;
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(trimmed);
  if (infinite !== null) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return undefined;
  return Number(trimmed);
}

const guard = new Script("run()");
const sandbox: { run: () => void } = { run: () => undefined };
let context: ReturnType<typeof createContext> | undefined;

/** Runs `action` for at most `limitMs`; false when it was cut off. V8 interrupts a backtracking expression too. */
function withinLimit(action: () => void, limitMs: number): boolean {
  // One context for all: making one costs a hundred times what running in it does.
  context ??= createContext(sandbox);
  sandbox.run = action;
  try {
    guard.runInContext(context, { timeout: limitMs });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return false;
    throw error;
  }
}

/**
 * @param patterns tried on each line in their order; group `value` (or group 1) is the number, group `step` the step. A line
 * on which no pattern finds a step counts: the n-th value of a metric is step n.
 * @param warning for patterns that do not compile, take too long, or find something that is no number (once each)
 */
export function createMetricMatcher(
  patterns: readonly MetricPattern[],
  warning: (message: string) => void,
  limitMs = 100,
): MetricMatcher {
  const compiled: Compiled[] = [];
  for (const { metric, pattern } of patterns) {
    try {
      compiled.push({ metric, expression: new RegExp(pattern), active: true, count: 0 });
    } catch (error) {
      warning(`The pattern of "${metric}" is no regular expression: ${(error as Error).message}`);
    }
  }
  const last: Record<string, number> = {};
  const complained = new Set<string>();
  const complainOnce = (key: string, message: string): void => {
    if (complained.has(key)) return;
    complained.add(key);
    warning(message);
  };

  const matchLine = (line: string, trying: (entry: Compiled) => void): MatchedReport[] => {
    const found: { entry: Compiled; value: number; step: number | undefined }[] = [];
    let lineStep: number | undefined;
    for (const entry of compiled) {
      if (!entry.active) continue;
      trying(entry);
      const match = entry.expression.exec(line);
      if (match === null) continue;
      const text = match.groups?.["value"] ?? match[1] ?? match[0];
      const value = printedNumber(text);
      if (value === undefined) {
        complainOnce(
          entry.metric,
          `The pattern of "${entry.metric}" matched ${JSON.stringify(text)}, which is not a number`,
        );
        continue;
      }
      const stepText = match.groups?.["step"];
      const step = stepText === undefined ? undefined : printedNumber(stepText);
      const usable = step !== undefined && Number.isSafeInteger(step) && step >= 0 ? step : undefined;
      lineStep ??= usable;
      found.push({ entry, value, step: usable });
    }
    const bySteps = new Map<number, Record<string, number>>();
    for (const { entry, value, step } of found) {
      entry.count += 1;
      const at = step ?? lineStep ?? entry.count;
      const metrics = bySteps.get(at) ?? {};
      metrics[entry.metric] = value;
      last[entry.metric] = value;
      bySteps.set(at, metrics);
    }
    return [...bySteps].map(([step, metrics]) => ({ step, metrics }));
  };

  return {
    last,
    match(block) {
      const reports: MatchedReport[] = [];
      if (compiled.length === 0) return reports;
      const lines = block.split(/\r\n|\r|\n/).filter((line) => line !== "" && line.length <= longestLine);
      let next = 0;
      let suspect = -1;
      while (next < lines.length) {
        let current: Compiled | undefined;
        const finished = withinLimit(() => {
          while (next < lines.length) {
            reports.push(...matchLine(lines[next]!, (entry) => (current = entry)));
            next += 1;
          }
        }, limitMs);
        if (finished) break;
        // A machine that stood still can pass the limit too: only a line that passes it twice convicts its pattern, and is
        // then tried again without it.
        if (current === undefined) break;
        if (suspect !== next) {
          suspect = next;
          continue;
        }
        current.active = false;
        warning(
          `The pattern of "${current.metric}" took more than ${limitMs} ms and is not used any more in this trial; make it simpler (nested repeats like (a+)+ are the usual cause)`,
        );
      }
      return reports;
    },
  };
}
