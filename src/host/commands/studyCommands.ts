/**
 * What can be done with a stored study: pause, resume, stop, delete, export, open.
 * Invariant: deleting asks first; long work shows progress and can be cancelled.
 */
import path from "node:path";
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import { requireTrust } from "../trust.ts";
import type { Services } from "../services.ts";
import type { LiveStudy } from "../studies.ts";
import { finishedTrials } from "../explorer/texts.ts";
import { safeFileName } from "./fileNames.ts";
import { startStudyFile } from "./startStudy.ts";
import { studyFileTarget, studyTarget } from "./targets.ts";

const isRunning = (study: LiveStudy): boolean => study.summary.state === "running";
const isOpen = (study: LiveStudy): boolean => isRunning(study) || study.summary.state === "paused";
const canResume = (study: LiveStudy): boolean =>
  study.summary.state === "paused" || study.summary.state === "stopped" || study.summary.state === "failed";

export async function pauseStudy(services: Services, argument: unknown): Promise<void> {
  const study = await studyTarget(services, argument, "Pause Study", isRunning);
  if (study !== undefined) await services.engines.request(study.folder, "study.pause", { studyId: study.summary.id });
}

/** A paused study goes on as it is; a stopped or failed one is started again from its file, with its trials kept. */
export async function resumeStudy(services: Services, argument: unknown): Promise<void> {
  requireTrust("resume a study");
  const study = await studyTarget(services, argument, "Resume Study", canResume);
  if (study === undefined) return;
  if (study.summary.state === "paused")
    await services.engines.request(study.folder, "study.resume", { studyId: study.summary.id });
  else await startStudyFile(services, vscode.Uri.file(study.summary.path), "continue");
}

export async function stopStudy(services: Services, argument: unknown): Promise<void> {
  const study = await studyTarget(services, argument, "Stop Study", isOpen);
  if (study !== undefined) await services.engines.request(study.folder, "study.stop", { studyId: study.summary.id });
}

export async function deleteStudy(services: Services, argument: unknown): Promise<void> {
  const study = await studyTarget(services, argument, "Delete Study");
  if (study === undefined) return;
  const { summary } = study;
  const trials = finishedTrials(summary);
  const chosen = await vscode.window.showWarningMessage(
    `Delete the results of ${summary.name}${summary.generation > 1 ? ` (run ${summary.generation})` : ""}?`,
    {
      modal: true,
      detail: `${trials} finished ${trials === 1 ? "trial" : "trials"}, logs and checkpoints are removed for good. The study file stays.`,
    },
    "Delete",
  );
  if (chosen !== "Delete") return;
  if (isOpen(study)) await services.engines.request(study.folder, "study.stop", { studyId: summary.id });
  await services.engines.request(study.folder, "study.delete", { studyId: summary.id });
  await services.studies.refresh(study.folder);
}

export async function exportTrials(services: Services, argument: unknown): Promise<void> {
  const study = await studyTarget(services, argument, "Export Trials");
  if (study === undefined) return;
  const picked = await vscode.window.showQuickPick(
    [
      { label: "CSV", description: "one row a trial, for spreadsheets and data frames", format: "csv" as const },
      { label: "JSON", description: "everything, reports included", format: "json" as const },
    ],
    { title: `Export Trials of ${study.summary.name}` },
  );
  if (picked === undefined) return;
  const { folder, summary } = study;
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(
      path.join(path.dirname(summary.path), `${safeFileName(summary.name)}-trials.${picked.format}`),
    ),
    filters: { [picked.label]: [picked.format] },
    title: "Export Trials",
  });
  if (target === undefined) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Exporting trials of ${summary.name}`, cancellable: true },
    async (_progress, token) => {
      const { text } = await services.engines.request(
        folder,
        "study.export",
        { studyId: summary.id, format: picked.format },
        signalOf(token),
      );
      await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
    },
  );
  await vscode.window.showTextDocument(target, { preview: true });
}

export async function openStudyFile(services: Services, argument: unknown): Promise<void> {
  const uri = await studyFileTarget(services, argument);
  if (uri === undefined) return;
  try {
    await vscode.window.showTextDocument(uri, { preview: false });
  } catch (error) {
    throw new BasinError(
      "invalid-argument",
      `${uri.fsPath} cannot be opened.`,
      "It was moved or deleted; its results are still there.",
      { cause: error },
    );
  }
}

/** An abort signal that follows a cancellation token. */
export function signalOf(token: vscode.CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
