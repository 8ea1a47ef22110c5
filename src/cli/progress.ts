/**
 * Showing a running study: bars on a terminal (the study, and one per slot), plain lines elsewhere.
 * Invariant: what scrolls by is the same in both: one line per finished trial; bars are drawn below and leave nothing behind.
 */
import { MultiBar, type SingleBar } from "cli-progress";
import { formatDuration, formatEta, formatNumber } from "../core/format.ts";
import type { SlotStatus, StudySummary, TrialRow } from "../protocol/engine.ts";
import type { Output } from "./output.ts";
import { finishedCount, trialLine, valuesText } from "./text.ts";

export interface ProgressView {
  /** A trial has ended; `position` counts finished trials, `improved`: it is better than all before it. */
  readonly finished: (summary: StudySummary, row: TrialRow, position: number, improved: boolean) => void;
  /** The state of now; `running` are the rows of the trials in the slots. */
  readonly update: (summary: StudySummary, running: readonly TrialRow[]) => void;
  readonly close: () => void;
}

/** Bars when notes go to a terminal, lines otherwise. */
export function createProgress(output: Output): ProgressView {
  return output.stream.isTTY ? barView(output) : lineView(output);
}

const mark = (improved: boolean): string => (improved ? "  best so far" : "");

function lineView(output: Output): ProgressView {
  return {
    finished: (summary, row, position, improved) => output.note(trialLine(summary, row, position) + mark(improved)),
    update: () => undefined,
    close: () => undefined,
  };
}

/** Text behind the study's bar: "12/50  best val_accuracy 0.981  0:21, about 2 min left". */
export function studyBarText(summary: StudySummary): string {
  const parts = [
    `${finishedCount(summary)}${summary.budgetTrials === undefined ? " trials" : `/${summary.budgetTrials}`}`,
  ];
  if (summary.best !== undefined) parts.push(`best ${valuesText(summary.objectives, summary.best.values)}`);
  const left = summary.etaMs === undefined ? "" : `, about ${formatEta(summary.etaMs)} left`;
  parts.push(`${formatDuration(summary.elapsedMs)}${left}`);
  return parts.join("  ");
}

/** Text behind a slot's bar: "trial 12  epoch 3/20  val_accuracy 0.9". */
export function slotBarText(slot: SlotStatus, row: TrialRow | undefined, metric: string): string {
  const parts = [`trial ${slot.number}`];
  const step = row?.last?.step ?? slot.step;
  if (step !== undefined) parts.push(`epoch ${step}${slot.steps === undefined ? "" : `/${slot.steps}`}`);
  if (row?.last !== undefined) parts.push(`${metric} ${formatNumber(row.last.value)}`);
  return parts.join("  ");
}

function barView(output: Output): ProgressView {
  const width = (): number => output.stream.columns ?? 80;
  const bars = new MultiBar({
    format: "{label} {bar} {text}",
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    forceRedraw: true,
    linewrap: false,
    stream: output.stream,
    // The view is redrawn when something changed; a timer of its own would only flicker.
    fps: 10,
    gracefulExit: false,
  });
  const label = (text: string): string => text.padEnd(8);
  let study: SingleBar | undefined;
  const slots: SingleBar[] = [];
  /** Bars of a line that is too long would wrap and never be erased. */
  const fit = (text: string): string => text.slice(0, Math.max(10, width() - 32));

  const fraction = (summary: StudySummary): number => {
    const byTrials =
      summary.budgetTrials === undefined ? 0 : finishedCount(summary) / Math.max(1, summary.budgetTrials);
    const byTime = summary.budgetMs === undefined ? 0 : summary.elapsedMs / Math.max(1, summary.budgetMs);
    return Math.min(1, Math.max(byTrials, byTime));
  };
  return {
    finished: (summary, row, position, improved) => {
      bars.log(`${trialLine(summary, row, position)}${mark(improved)}\n`);
    },
    update: (summary, running) => {
      study ??= bars.create(1000, 0, { label: label("study"), text: "" });
      study.update(Math.round(1000 * fraction(summary)), { label: label("study"), text: fit(studyBarText(summary)) });
      const metric = summary.objectives[0]?.metric ?? "";
      for (let i = 0; i < summary.parallel; i++) {
        const bar = (slots[i] ??= bars.create(1000, 0, { label: label(`slot ${i + 1}`), text: "" }));
        const slot = summary.slots.find((candidate) => candidate.slot === i);
        const row = running.find((candidate) => candidate.number === slot?.number);
        const step = row?.last?.step ?? slot?.step ?? 0;
        const done = slot?.steps === undefined ? 0 : Math.min(1, step / slot.steps);
        bar.update(Math.round(1000 * done), {
          label: label(`slot ${i + 1}`),
          text: slot === undefined ? "idle" : fit(slotBarText(slot, row, metric)),
        });
      }
    },
    close: () => bars.stop(),
  };
}
