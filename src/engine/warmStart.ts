/**
 * Trials of earlier studies of the workspace for a study that asks for them (`warmStart`).
 * Invariant: they are taken once, before the first suggestion, and kept beside the study: whatever becomes of the earlier
 * studies, a restart sees the same trials, so the same configurations follow.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { warmStartFileOf } from "../client/workspaceFiles.ts";
import { decodeWire, encodeWire } from "../client/wire.ts";
import { BasinError } from "../core/errors.ts";
import type { StudyDefinition, WarmStart } from "../core/study/definition.ts";
import { adoptTrials, sharesObjectives } from "../core/study/warmStart.ts";
import { type FinishedTrial, gradientOf, isFinal, type Report } from "../core/trial.ts";
import { samplerNeeds } from "./sampling/context.ts";
import type { StudyRecord, TrialRecord, TrialStore } from "../storage/trialStore.ts";
import { breathe } from "./clock.ts";
import { definitionOf, type EngineParts } from "./study.ts";

/** Of one earlier study, the latest: models look at no more. */
const mostTrials = 10_000;
const pageSize = 200;

export interface EarlierTrials {
  /** Numbered -k ... -1, in the order in which they finished, study after study as they are named. */
  readonly trials: readonly FinishedTrial[];
  /** For the study's log: what came from where, and what did not and why. */
  readonly lines: readonly string[];
}

/** A study by what its generations share. */
type Named = Pick<StudyRecord, "path" | "name">;

/**
 * Refuses a warm start that can bring nothing: a name that no study has, or studies with other objectives. A study that names
 * itself may be its first generation.
 * @throws BasinError `unknown-study`, `invalid-study`
 */
export function checkWarmStart(store: TrialStore, definition: StudyDefinition, own: Named): void {
  for (const wanted of definition.warmStart ?? []) {
    const { study: name, generation } = wanted;
    const found = named(store, wanted);
    if (found.length === 0) {
      if (name === own.name && generation === undefined) continue;
      const names = [...new Set(store.studies().map((record) => record.name))];
      const shown = generation === undefined ? `"${name}"` : `"${name}" #${generation}`;
      throw new BasinError(
        "unknown-study",
        `warmStart: there is no study ${shown} in this workspace.`,
        names.length === 0 ? "No study has been started here yet." : `Studies here: ${names.join(", ")}.`,
      );
    }
    if (found.some((record) => fits(record, definition))) continue;
    const wants = definition.objectives.map(({ metric, direction }) => `${direction} ${metric}`).join(", ");
    // Its own earlier generations are no mistake after the objective was changed.
    if (name === own.name && generation === undefined) continue;
    throw new BasinError(
      "invalid-study",
      `warmStart: the trials of "${name}" say nothing about this study, whose objective is to ${wants}.`,
      "Both studies need the same metrics and directions. Take the line out, or name another study.",
    );
  }
}

/** Studies that a name stands for, oldest first. */
function named(store: TrialStore, { study, generation }: WarmStart): StudyRecord[] {
  return store
    .studies()
    .filter((record) => record.name === study && (generation === undefined || record.generation === generation))
    .toSorted((a, b) => a.id - b.id);
}

function fits(record: StudyRecord, definition: StudyDefinition): boolean {
  const { definition: earlier } = definitionOf(record.text, record.format);
  return earlier !== undefined && sharesObjectives(earlier, definition);
}

/** The trials that a study has taken, or takes now. @throws BasinError `storage` when they cannot be kept */
export async function warmStartOf(
  { store, workspace, log }: EngineParts,
  own: StudyRecord,
  definition: StudyDefinition,
): Promise<EarlierTrials> {
  if (definition.warmStart === undefined) return { trials: [], lines: [] };
  const file = warmStartFileOf(workspace, own.id);
  if (existsSync(file)) {
    try {
      return decodeWire(readFileSync(file)) as EarlierTrials;
    } catch (error) {
      log.warning("The trials of a warm start cannot be read and are taken again", { file, error: String(error) });
    }
  }
  const taken = await take(store, own, definition);
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, encodeWire(taken));
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new BasinError("storage", `${file} cannot be written: ${String(error)}.`, "Check the disk and try again.", {
      cause: error,
    });
  }
  return taken;
}

async function take(store: TrialStore, own: StudyRecord, definition: StudyDefinition): Promise<EarlierTrials> {
  const trials: FinishedTrial[] = [];
  const lines: string[] = [];
  for (const wanted of definition.warmStart ?? []) {
    // Later ones than itself are none of its past: it may have been cut off before it took any.
    const records = named(store, wanted).filter((record) => record.id < own.id);
    if (records.length === 0) lines.push(`Warm start: there are no trials of ${wanted.study} yet.`);
    for (const record of records) {
      const title = `${record.name} #${record.generation}`;
      const { definition: earlier } = definitionOf(record.text, record.format);
      if (earlier === undefined) {
        lines.push(`Warm start: none of the trials of ${title}: its stored text can no longer be read.`);
      } else if (!sharesObjectives(earlier, definition)) {
        lines.push(`Warm start: none of the trials of ${title}: it has another objective.`);
      } else {
        const finished = await finishedOf(store, record, samplerNeeds(definition));
        const { trials: adopted, dropped } = adoptTrials(earlier, finished, definition);
        trials.push(...adopted);
        const left = dropped.map(([reason, count]) => `${count} ${reason}`).join(", ");
        const rest = left === "" ? "." : `; left out: ${left}.`;
        lines.push(`Warm start: ${adopted.length} of ${finished.length} finished trials of ${title}${rest}`);
      }
    }
  }
  return { trials: trials.map((trial, i) => ({ ...trial, number: i - trials.length })), lines };
}

/** Finished trials of a study in the order of finishing, at most `mostTrials` of them, the latest. */
async function finishedOf(
  store: TrialStore,
  { id, objective }: StudyRecord,
  needs: "curves" | "gradients" | undefined,
): Promise<FinishedTrial[]> {
  const order = store.finishOrder(id).slice(-mostTrials);
  const wanted = new Set(order);
  const found = new Map<number, FinishedTrial>();
  for (let from = 0; ; from += pageSize) {
    const page = store.trials(id, from, pageSize);
    const curves = new Map<number, Report[]>();
    if (needs === "curves") {
      for (const { number, step, value } of store.reportsBetween(id, objective, from, from + page.length)) {
        const curve = curves.get(number);
        if (curve === undefined) curves.set(number, [{ step, value }]);
        else curve.push({ step, value });
      }
    }
    for (const record of page) {
      const trial = wanted.has(record.number) ? finishedTrial(record) : undefined;
      if (trial === undefined) continue;
      const gradient = needs === "gradients" ? gradientOf(record.metrics) : undefined;
      found.set(record.number, {
        ...trial,
        ...(needs === "curves" ? { curve: curves.get(record.number) ?? [] } : {}),
        ...(gradient === undefined ? {} : { gradient }),
      });
    }
    if (page.length < pageSize) break;
    await breathe();
  }
  return order.flatMap((number) => found.get(number) ?? []);
}

function finishedTrial({ number, state, params, values, last }: TrialRecord): FinishedTrial | undefined {
  if (!isFinal(state)) return undefined;
  return last === undefined ? { number, state, params, values } : { number, state, params, values, last };
}
