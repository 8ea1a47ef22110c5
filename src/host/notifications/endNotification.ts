/**
 * One notification when a study ends by itself, with what one wants next.
 * Invariant: once per study and end; never for trials.
 */
import * as vscode from "vscode";
import type { StudyArgument } from "../commands/targets.ts";
import { createScope, type Disposable } from "../disposables.ts";
import type { Engines } from "../engineConnection.ts";
import { commands } from "../ids.ts";
import type { Report } from "../report.ts";
import { readSettings } from "../settings.ts";
import type { Studies } from "../studies.ts";
import type { EngineNotifications } from "../../protocol/engine.ts";
import { endText } from "./texts.ts";

export function createEndNotification(engines: Engines, studies: Studies, report: Report): Disposable {
  const scope = createScope();
  scope.add(
    engines.onStudyEnded((ended) => {
      const { notifications } = readSettings(vscode.Uri.file(ended.folder));
      const failed = ended.state === "failed";
      if (notifications === "none" || (notifications === "failures" && !failed)) return;
      tell(ended, failed).catch(report);
    }),
  );

  async function tell(ended: EngineNotifications["study.ended"] & { folder: string }, failed: boolean): Promise<void> {
    await studies.refresh(ended.folder);
    const study = studies.byId(ended.folder, ended.studyId);
    const text = endText(ended);
    if (failed) {
      const chosen = await vscode.window.showErrorMessage(text, "Show Logs", "Open Panel");
      if (chosen === "Show Logs") await vscode.commands.executeCommand(commands.openEngineLog, ended.folder);
      else if (chosen === "Open Panel" && study !== undefined)
        await vscode.commands.executeCommand(commands.openPanel, { study } satisfies StudyArgument);
      return;
    }
    const chosen = await vscode.window.showInformationMessage(
      text,
      "Open Panel",
      ...(ended.best === undefined ? [] : ["Show Best"]),
    );
    if (study === undefined || chosen === undefined) return;
    if (chosen === "Show Best" && ended.best !== undefined) {
      await vscode.commands.executeCommand(commands.showTrial, {
        study,
        number: ended.best.number,
      } satisfies StudyArgument);
    } else await vscode.commands.executeCommand(commands.openPanel, { study } satisfies StudyArgument);
  }
  return scope;
}
