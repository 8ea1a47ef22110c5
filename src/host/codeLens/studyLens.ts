/**
 * Lenses of study files: start, progress, size of the space.
 * Invariant: a lens of an invalid study never starts it.
 */
import * as vscode from "vscode";
import { positionsOf } from "../../core/study/positions.ts";
import { createScope, type Disposable } from "../disposables.ts";
import { commands } from "../ids.ts";
import { studyLanguage } from "../loadLanguage.ts";
import type { Studies } from "../studies.ts";
import { isStudyDocument, type StudyFiles } from "../studyFiles.ts";
import { throttle } from "../timing.ts";
import { keyOffset, spaceLensText, studyLensTexts, type LensAction } from "./texts.ts";

export const studySelector: vscode.DocumentSelector = [{ scheme: "file", pattern: "**/*.study.{yaml,yml,json}" }];

const lensCommands: Readonly<Record<LensAction, string>> = {
  start: commands.startStudy,
  startFresh: commands.startFresh,
  pause: commands.pauseStudy,
  resume: commands.resumeStudy,
  stop: commands.stopStudy,
  openPanel: commands.openPanel,
  showProblems: commands.showProblems,
};

export function createStudyLens(
  files: StudyFiles,
  studies: Studies,
): Disposable & { readonly provider: vscode.CodeLensProvider } {
  const scope = createScope();
  const updates = scope.add(new vscode.EventEmitter<void>());
  const update = scope.add(throttle(1000, () => updates.fire()));

  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: updates.event,
    async provideCodeLenses(document, token) {
      if (!isStudyDocument(document)) return [];
      const { parsed, text, format } = await files.checkDocument(document);
      if (token.isCancellationRequested) return [];
      const summary = studies.ofFile(document.uri.fsPath)?.summary;
      const top = new vscode.Range(0, 0, 0, 0);
      const lenses = studyLensTexts(parsed.issues, summary).map(
        ({ title, action }) =>
          new vscode.CodeLens(top, { title, command: lensCommands[action], arguments: [document.uri] }),
      );
      const offset = keyOffset(text, format, "space");
      if (parsed.study !== undefined && offset !== undefined) {
        const { spaceSize } = await studyLanguage();
        const { line } = positionsOf(text).at(offset);
        const title = spaceLensText(parsed.study, spaceSize(parsed.study.space), summary);
        lenses.push(new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command: "" }));
      }
      return lenses;
    },
  };
  scope.add(vscode.languages.registerCodeLensProvider(studySelector, provider));
  scope.add(studies.onDidChange(() => update.call()));
  return { provider, dispose: () => scope.dispose() };
}
