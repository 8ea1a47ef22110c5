/**
 * Start HPO Study: from the palette, a lens, the Trials view or a panel.
 * Invariant: nothing starts in an untrusted workspace, from an unsaved text, or from a study with an error.
 */
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import { positionsOf } from "../../core/study/positions.ts";
import type { StartResult } from "../../protocol/engine.ts";
import { commands } from "../ids.ts";
import { requireTrust } from "../trust.ts";
import { folderOfFile, type LiveStudy } from "../studies.ts";
import type { Services } from "../services.ts";
import type { CheckedStudy } from "../studyFiles.ts";
import { studyFileTarget, type StudyArgument } from "./targets.ts";

export interface Started {
  readonly study: LiveStudy;
  readonly result: StartResult;
}

/** Saves the file if it is open with changes. @throws BasinError when the person declines or saving fails */
async function saveFirst(uri: vscode.Uri): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  if (document.isDirty && !(await document.save())) {
    throw new BasinError("cancelled", `${vscode.workspace.asRelativePath(uri)} was not saved.`);
  }
}

/** Opens the file at its first error, with the Problems in reach. */
export async function revealFirstProblem(checked: CheckedStudy): Promise<void> {
  const first = checked.parsed.issues.find((issue) => issue.severity === "error") ?? checked.parsed.issues[0];
  if (first === undefined) return;
  const positions = positionsOf(checked.text);
  const start = positions.at(first.range.start);
  const end = positions.at(first.range.end);
  const selection = new vscode.Range(start.line, start.character, end.line, end.character);
  await vscode.window.showTextDocument(checked.uri, { selection, preview: false });
}

/** Starts the study of a file. @throws BasinError `invalid-study` with the problems already shown at their places */
export async function startStudyFile(
  services: Services,
  uri: vscode.Uri,
  mode: "continue" | "fresh",
): Promise<Started> {
  requireTrust("start a study");
  const folder = folderOfFile(uri);
  await saveFirst(uri);
  const checked = await services.files.check(uri);
  services.diagnostics.publish(checked);
  const errors = checked.parsed.issues.filter((issue) => issue.severity === "error");
  if (errors.length > 0) {
    await revealFirstProblem(checked);
    const name = vscode.workspace.asRelativePath(uri);
    throw new BasinError(
      "invalid-study",
      `${name} has ${errors.length === 1 ? "a problem" : `${errors.length} problems`} and was not started: ${errors[0]?.message ?? ""}`,
    );
  }
  const result = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: `Starting ${checked.parsed.study?.name ?? "study"}` },
    async () => await services.engines.request(folder, "study.start", { path: uri.fsPath, text: checked.text, mode }),
  );
  services.log.info(result.message);
  await services.studies.refresh(folder);
  const study = services.studies.byId(folder, result.studyId);
  if (study === undefined)
    throw new BasinError("unknown-study", "The study vanished right after its start.", "Look at the engine's log.");
  return { study, result };
}

export async function startStudy(
  services: Services,
  argument: unknown,
  mode: "continue" | "fresh",
): Promise<Started | undefined> {
  requireTrust("start a study");
  const uri = await studyFileTarget(services, argument);
  if (uri === undefined) return undefined;
  const started = await startStudyFile(services, uri, mode);
  await services.tree.revealStudy(started.study);
  tellHow(services, started);
  return started;
}

/** Says only what is not plain to see: a fresh start shows itself in the Trials view. */
function tellHow(services: Services, { study, result }: Started): void {
  const argument: StudyArgument = { study };
  if (result.how === "created") return;
  if (result.how === "continued") {
    vscode.window.setStatusBarMessage(result.message, 5000);
    return;
  }
  const again = result.how === "already-complete" ? "Start Fresh" : undefined;
  const open = "Open Panel";
  // Not awaited: the message may stay as long as the person likes.
  const ask = async (): Promise<void> => {
    const chosen = await vscode.window.showInformationMessage(
      result.message,
      open,
      ...(again === undefined ? [] : [again]),
    );
    if (chosen === open) await vscode.commands.executeCommand(commands.openPanel, argument);
    else if (chosen !== undefined && chosen === again)
      await vscode.commands.executeCommand(commands.startFresh, argument);
  };
  ask().catch(services.report);
}

/** Lens on an invalid study: open it at the first problem and show the list. */
export async function showProblems(services: Services, argument: unknown): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  if (uri !== undefined) {
    const checked = await services.files.check(uri).catch(() => undefined);
    if (checked !== undefined) await revealFirstProblem(checked);
  }
  await vscode.commands.executeCommand("workbench.actions.view.problems");
}
