/**
 * Click on the status-bar item: the panel of the study that runs, or a pick among several.
 * Invariant: one click is enough when there is one study.
 */
import * as vscode from "vscode";
import { studyDescription } from "../explorer/texts.ts";
import { views } from "../ids.ts";
import type { Services } from "../services.ts";

export async function openStatus({ studies, panels }: Services): Promise<void> {
  const shown = studies.all().filter(({ summary }) => summary.state === "running" || summary.state === "paused");
  const only = shown[0];
  if (only === undefined) {
    await vscode.commands.executeCommand(`${views.trials}.focus`);
    return;
  }
  const study =
    shown.length === 1
      ? only
      : (
          await vscode.window.showQuickPick(
            shown.map((study) => ({
              label: `${study.summary.state === "running" ? "$(loading~spin)" : "$(debug-pause)"} ${study.summary.name}`,
              description: studyDescription(study.summary),
              study,
            })),
            { title: "Running Studies", placeHolder: "Open the panel of" },
          )
        )?.study;
  if (study !== undefined) await panels.open(study, { preserveFocus: false });
}
