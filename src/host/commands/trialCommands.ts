/**
 * What can be done with one trial: show, stop, enqueue, log, copy.
 * Invariant: a configuration is checked against the study's space before it is sent.
 */
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import type { PanelView } from "../../protocol/panel.ts";
import { commands } from "../ids.ts";
import { studyLanguage } from "../loadLanguage.ts";
import type { Services } from "../services.ts";
import { studyKey, type LiveStudy } from "../studies.ts";
import { requireTrust } from "../trust.ts";
import { isNode } from "../explorer/nodes.ts";
import { studyTarget, trialTarget, type StudyArgument } from "./targets.ts";

/** Click on a trial: the panel opens beside the editor's focus, with the trial selected. */
export async function showTrial(services: Services, argument: unknown): Promise<void> {
  const trial = await trialTarget(services, argument, "Show Trial");
  if (trial === undefined) return;
  services.selection.set(studyKey(trial.study), [trial.number], "command");
  await services.panels.open(trial.study, { preserveFocus: isNode(argument) });
}

/** The panel on a view, with these trials selected everywhere. */
export async function showTrials(
  { selection, panels }: Services,
  study: LiveStudy,
  numbers: readonly number[],
  view: PanelView,
): Promise<void> {
  selection.set(
    studyKey(study),
    numbers.toSorted((a, b) => a - b),
    "command",
  );
  const session = await panels.open(study, { preserveFocus: false });
  session.showView(view);
}

export async function openPanel(services: Services, argument: unknown): Promise<void> {
  const study = await studyTarget(services, argument, "Open Study Panel");
  if (study !== undefined) await services.panels.open(study, { preserveFocus: false });
}

export async function stopTrial(services: Services, argument: unknown): Promise<void> {
  const trial = await trialTarget(services, argument, "Stop Trial", ["running", "waiting", "paused"]);
  if (trial !== undefined)
    await services.engines.request(trial.study.folder, "trial.stop", {
      studyId: trial.study.summary.id,
      number: trial.number,
    });
}

/** Asks for a configuration, starting from the trial it was called on; what is left out is drawn by the sampler. */
export async function enqueueTrial(services: Services, argument: unknown): Promise<void> {
  requireTrust("run a trial");
  const study = await studyTarget(services, argument, "Enqueue Trial");
  if (study === undefined) return;
  const { folder, summary } = study;
  const { paramsToText, parseParams } = await studyLanguage();
  const { space } = await services.engines.request(folder, "study.get", { studyId: summary.id });
  const from = isNode(argument) && argument.kind === "trial" ? argument.row.params : (summary.best?.params ?? {});
  const text = await vscode.window.showInputBox({
    title: `Enqueue Trial in ${summary.name}`,
    prompt: "Parameters left out are drawn by the sampler.",
    value: paramsToText(from, space),
    placeHolder: "learningRate: 0.01, optimizer: adam",
    validateInput: (value) => {
      const parsed = parseParams(value, space);
      return parsed.ok ? undefined : parsed.message;
    },
  });
  if (text === undefined) return;
  const parsed = parseParams(text, space);
  if (!parsed.ok) throw new BasinError("invalid-params", parsed.message);
  const { number } = await services.engines.request(folder, "trial.enqueue", {
    studyId: summary.id,
    params: parsed.params,
  });
  if (summary.state === "running") {
    vscode.window.setStatusBarMessage(`Trial ${number} of ${summary.name} runs next`, 4000);
    return;
  }
  const resume = summary.state === "paused" ? "Resume Study" : "Start HPO Study";
  const chosen = await vscode.window.showInformationMessage(
    `Trial ${number} waits: ${summary.name} is ${summary.state}.`,
    resume,
  );
  const next: StudyArgument = { study };
  if (chosen === resume)
    await vscode.commands.executeCommand(summary.state === "paused" ? commands.resumeStudy : commands.startStudy, next);
}

export async function openTrialLog(services: Services, argument: unknown): Promise<void> {
  const trial = await trialTarget(services, argument, "Open Trial Log");
  if (trial !== undefined) await openLogOf(services, trial.study.folder, trial.study.summary.id, trial.number);
}

/** Opens trainer.log at its end. @throws BasinError when the trial has written none */
export async function openLogOf(services: Services, folder: string, studyId: number, number: number): Promise<void> {
  const { logPath, state, reason } = await services.engines.request(folder, "trial.get", { studyId, number });
  const none = new BasinError(
    "unknown-trial",
    `Trial ${number} has no log: it is ${state}.`,
    reason === "" ? "A log exists from the first line a trainer prints." : reason,
  );
  if (logPath === undefined) throw none;
  await showLogFile(vscode.Uri.file(logPath), none);
}

/** A log in an editor, scrolled to its end. */
export async function showLogFile(uri: vscode.Uri, missing: BasinError): Promise<void> {
  try {
    await vscode.workspace.fs.stat(uri);
  } catch {
    throw missing;
  }
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document, { preview: true });
  const end = document.lineAt(Math.max(0, document.lineCount - 1)).range.end;
  editor.revealRange(new vscode.Range(end, end), vscode.TextEditorRevealType.Default);
}

export async function copyParams(services: Services, argument: unknown): Promise<void> {
  const trial = await trialTarget(services, argument, "Copy Parameters");
  if (trial === undefined) return;
  const row =
    trial.row ??
    (await services.engines.request(trial.study.folder, "trial.get", {
      studyId: trial.study.summary.id,
      number: trial.number,
    }));
  await vscode.env.clipboard.writeText(JSON.stringify(row.params, undefined, 2));
  vscode.window.setStatusBarMessage(`Copied the parameters of trial ${trial.number}`, 3000);
}
