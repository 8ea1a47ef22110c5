/**
 * Composition root of the host: makes the parts, hands them to each other, and gives everything back at the end.
 * Invariant: activation only wires; it reads no file, opens no connection and loads no parser before it has returned.
 */
import path from "node:path";
import * as vscode from "vscode";
import { createConfigLens } from "./host/codeLens/configLens.ts";
import { createStudyLens } from "./host/codeLens/studyLens.ts";
import { registerCommands } from "./host/commands/registerCommands.ts";
import { startStudyFile } from "./host/commands/startStudy.ts";
import { openLogOf } from "./host/commands/trialCommands.ts";
import { createStudyAssist } from "./host/completion/studyAssist.ts";
import { createDiagnostics } from "./host/diagnostics/diagnostics.ts";
import { createScope } from "./host/disposables.ts";
import { createEngines } from "./host/engineConnection.ts";
import { createTrialsTree } from "./host/explorer/trialsTree.ts";
import { createLog } from "./host/log.ts";
import { createEndNotification } from "./host/notifications/endNotification.ts";
import { createPanels } from "./host/panels/panels.ts";
import { createReport } from "./host/report.ts";
import { createSelection } from "./host/selection.ts";
import type { Services } from "./host/services.ts";
import { createStatusBar } from "./host/statusBar/statusBar.ts";
import { createStudies } from "./host/studies.ts";
import { createStudyFiles } from "./host/studyFiles.ts";

/** What the extension's own tests look at. Not an interface for other extensions. */
export interface BasinExports {
  readonly services: Services;
  /** Milliseconds that `activate` took. */
  readonly activationMs: number;
  /** Resolves once study files are scanned and engines with earlier results are attached. */
  readonly settled: Promise<void>;
}

export function activate(context: vscode.ExtensionContext): BasinExports {
  const begun = performance.now();
  const scope = createScope();
  context.subscriptions.push(scope);

  const log = scope.add(createLog());
  const report = createReport(log);
  const engines = scope.add(createEngines(path.join(context.extensionPath, "dist"), log));
  const studies = scope.add(createStudies(engines, log));
  const files = scope.add(createStudyFiles(log));
  const diagnostics = scope.add(createDiagnostics(files));
  const selection = createSelection();
  const tree = scope.add(createTrialsTree(engines, studies, files, selection));
  const panels = scope.add(
    createPanels({
      extensionUri: context.extensionUri,
      log,
      engines,
      studies,
      selection,
      startFile: async (uri) => (await startStudyFile(services, uri, "continue")).study,
      openLog: (folder, studyId, number) => openLogOf(services, folder, studyId, number),
    }),
  );
  const services: Services = { context, log, report, engines, studies, files, diagnostics, selection, tree, panels };

  scope.add(registerCommands(services));
  scope.add(createStudyLens(files, studies));
  scope.add(createConfigLens(log));
  scope.add(createStudyAssist(studies, log));
  scope.add(createStatusBar(studies));
  scope.add(createEndNotification(engines, studies, report));

  const attach = (): Promise<void> => engines.attachExisting().catch(report);
  const settled = Promise.all([files.scan().catch(report), attach()]).then(() => undefined);
  scope.add(vscode.workspace.onDidGrantWorkspaceTrust(() => void attach().then(() => tree.refresh())));
  scope.add(vscode.workspace.onDidChangeWorkspaceFolders(() => void attach()));

  const activationMs = performance.now() - begun;
  log.info(`Basin ${String(context.extension.packageJSON.version)} is ready after ${activationMs.toFixed(1)} ms`);
  return { services, activationMs, settled };
}
