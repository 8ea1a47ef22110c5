/**
 * What a command is about: the item it was called on, the active editor, the selection of the Trials view, the only candidate,
 * or what the person picks. Invariant: every resolver answers undefined when the person turned away, and never guesses between two.
 */
import path from "node:path";
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import type { TrialRow } from "../../protocol/engine.ts";
import { isNode, metricsOf, type TrialNode } from "../explorer/nodes.ts";
import { studyDescription, trialDescription, trialSpoken } from "../explorer/texts.ts";
import type { Services } from "../services.ts";
import { studyKey, type LiveStudy } from "../studies.ts";
import { type CheckedStudy, isStudyDocument } from "../studyFiles.ts";

export interface TrialTarget {
  readonly study: LiveStudy;
  readonly number: number;
  readonly row?: TrialRow;
}

/** How other parts name a study or a trial when they call a command. */
export interface StudyArgument {
  readonly study: LiveStudy;
  readonly number?: number;
}

function isStudyArgument(value: unknown): value is StudyArgument {
  return typeof value === "object" && value !== null && "study" in value && !("kind" in value);
}

const relative = (uri: vscode.Uri): string =>
  vscode.workspace.asRelativePath(uri, (vscode.workspace.workspaceFolders?.length ?? 0) > 1);

/** The study file a command names by its argument, if it does. */
function fileOfArgument(argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) return argument;
  if (isStudyArgument(argument)) return vscode.Uri.file(argument.study.summary.path);
  if (!isNode(argument)) return undefined;
  if (argument.kind === "file") return argument.uri;
  const study = argument.kind === "study" ? argument : argument.parent;
  return vscode.Uri.file(study.study.summary.path);
}

/** The study file to start: argument, active editor, the workspace's only one, or a pick among all. */
export async function studyFileTarget(services: Services, argument: unknown): Promise<vscode.Uri | undefined> {
  const named = fileOfArgument(argument);
  if (named !== undefined) return named;
  const active = vscode.window.activeTextEditor?.document;
  if (active !== undefined && isStudyDocument(active)) return active.uri;
  let files = services.files.all();
  if (files.length === 0) {
    await services.files.scan();
    files = services.files.all();
  }
  if (files.length === 0) {
    throw new BasinError(
      "invalid-argument",
      "There is no study file in this workspace.",
      "Open a configuration file and choose Tune This Model, or run New Study File.",
    );
  }
  if (files.length === 1) return files[0]?.uri;
  // What cannot be started comes last: Enter takes the first.
  const invalid = (file: CheckedStudy): number => (file.parsed.study === undefined ? 1 : 0);
  const picked = await vscode.window.showQuickPick(
    files
      .toSorted((a, b) => invalid(a) - invalid(b))
      .map(({ uri, parsed }) => {
        const summary = services.studies.ofFile(uri.fsPath)?.summary;
        const errors = parsed.issues.filter((issue) => issue.severity === "error").length;
        const state =
          errors > 0
            ? `${errors} ${errors === 1 ? "problem" : "problems"}`
            : summary === undefined
              ? "not started"
              : `${summary.state} · ${studyDescription(summary)}`;
        return {
          label: parsed.study?.name ?? path.basename(uri.fsPath),
          description: state,
          detail: relative(uri),
          uri,
        };
      }),
    { title: "Start HPO Study", placeHolder: "Study to start", matchOnDescription: true, matchOnDetail: true },
  );
  return picked?.uri;
}

/** The stored study a command is about; `suits` narrows the candidates ("running only"). */
export async function studyTarget(
  services: Services,
  argument: unknown,
  title: string,
  suits: (study: LiveStudy) => boolean = () => true,
): Promise<LiveStudy | undefined> {
  const { studies, tree } = services;
  if (isStudyArgument(argument)) return argument.study;
  if (isNode(argument) && argument.kind !== "file")
    return (argument.kind === "study" ? argument : argument.parent).study;
  const file = fileOfArgument(argument);
  if (file !== undefined) {
    const study = studies.ofFile(file.fsPath);
    if (study === undefined)
      throw new BasinError("unknown-study", "This study has not been started yet.", "Start it first.");
    return study;
  }
  if (studies.all().length === 0) await studies.refresh();
  const candidates = studies.all().filter(suits);
  const active = vscode.window.activeTextEditor?.document.uri.fsPath;
  const ofEditor = candidates.find((study) => study.summary.path === active);
  if (ofEditor !== undefined) return ofEditor;
  const selected = tree.selected();
  if (selected !== undefined && selected.kind !== "file") {
    const study = (selected.kind === "study" ? selected : selected.parent).study;
    if (suits(study)) return study;
  }
  if (candidates.length === 0)
    throw new BasinError("unknown-study", `${title}: there is no study for that.`, "Start a study first.");
  if (candidates.length === 1) return candidates[0];
  const picked = await vscode.window.showQuickPick(
    candidates.map((study) => ({
      label: study.summary.name,
      description: `${study.summary.state} · ${studyDescription(study.summary)}`,
      detail: relative(vscode.Uri.file(study.summary.path)),
      study,
    })),
    { title, placeHolder: "Study", matchOnDescription: true, matchOnDetail: true },
  );
  return picked?.study;
}

/** The trial a command is about. */
export async function trialTarget(
  services: Services,
  argument: unknown,
  title: string,
  states?: readonly TrialRow["state"][],
): Promise<TrialTarget | undefined> {
  if (isStudyArgument(argument) && argument.number !== undefined)
    return { study: argument.study, number: argument.number };
  const node = isNode(argument) ? argument : services.tree.selected();
  if (node?.kind === "trial" && (states === undefined || states.includes(node.row.state))) {
    return { study: node.parent.study, number: node.row.number, row: node.row };
  }
  if (isNode(argument) && argument.kind === "trial") {
    // It moved on between the drawing of its row and the click: another trial is not what was meant.
    throw new BasinError(
      "wrong-state",
      `${title}: trial ${argument.row.number} of ${argument.parent.study.summary.name} is ${argument.row.state} by now.`,
    );
  }
  const study = await studyTarget(services, argument, title);
  if (study === undefined) return undefined;
  const { rows } = await services.engines.request(study.folder, "trial.rows", {
    studyId: study.summary.id,
    sort: "best",
    offset: 0,
    limit: 500,
    ...(states === undefined ? {} : { states }),
  });
  if (rows.length === 0)
    throw new BasinError("unknown-trial", `${title}: ${study.summary.name} has no trial for that.`);
  const metrics = metricsOf(study);
  const picked = await vscode.window.showQuickPick(
    rows.map((row) => ({
      label: `#${row.number}`,
      description: `${row.state} · ${trialDescription(row)}`,
      row,
      ariaLabel: trialSpoken(row, metrics, false),
    })),
    { title, placeHolder: "Trial", matchOnDescription: true },
  );
  return picked === undefined ? undefined : { study, number: picked.row.number, row: picked.row };
}

function isTrial(item: unknown): item is TrialNode {
  return isNode(item) && item.kind === "trial";
}

/** The trials of a study that a command was called on; where the view names none, those that are selected in the panel. */
export function trialsNamed(services: Services, study: LiveStudy, argument: unknown, all: unknown): readonly number[] {
  const nodes = (Array.isArray(all) ? all : [argument]).filter(isTrial);
  const named = nodes.filter((node) => node.parent.key === studyKey(study)).map((node) => node.row.number);
  return named.length > 0 ? named : services.selection.get(studyKey(study));
}

/**
 * Lets the person tick some of the best trials that have trained.
 * @throws BasinError when the study has fewer than `least` of them
 */
export async function pickTrials(
  services: Services,
  study: LiveStudy,
  options: {
    readonly title: string;
    readonly placeHolder: string;
    readonly least?: number;
    /** A trial that is ticked to begin with. */
    readonly ticked?: number;
  },
): Promise<readonly number[] | undefined> {
  const { title, placeHolder, least = 1, ticked } = options;
  const { rows } = await services.engines.request(study.folder, "trial.rows", {
    studyId: study.summary.id,
    sort: "best",
    states: ["complete", "pruned", "paused", "running"],
    offset: 0,
    limit: 200,
  });
  if (rows.length < least)
    throw new BasinError(
      "unknown-trial",
      `${title}: ${study.summary.name} has ${rows.length === 0 ? "no trial" : `only ${rows.length}`} that has trained.`,
      least > 1 && rows.length > 0 ? "Wait for another one." : "Wait for the first one.",
    );
  const metrics = metricsOf(study);
  const picked = await vscode.window.showQuickPick(
    rows.map((row) => ({
      label: `#${row.number}`,
      description: `${row.state} · ${trialDescription(row)}`,
      picked: row.number === ticked,
      number: row.number,
      ariaLabel: trialSpoken(row, metrics, false),
    })),
    { title, placeHolder, canPickMany: true, matchOnDescription: true },
  );
  return picked?.map(({ number }) => number);
}
