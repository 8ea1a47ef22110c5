/**
 * Issues of study files in the Problems panel, at their places.
 * Invariant: the diagnostics of a file belong to the text it was last checked with; a file that is gone has none.
 */
import * as vscode from "vscode";
import { positionsOf } from "../../core/study/positions.ts";
import { createScope, type Disposable } from "../disposables.ts";
import type { CheckedStudy, StudyFiles } from "../studyFiles.ts";

export interface Diagnostics extends Disposable {
  /** Publishes at once what a check found. */
  publish(checked: CheckedStudy): void;
}

/** The issues as VS Code shows them. An empty range is widened to one character, so that it can be seen. */
export function diagnosticsOf(checked: CheckedStudy): vscode.Diagnostic[] {
  const positions = positionsOf(checked.text);
  const place = (offset: number): vscode.Position => {
    const { line, character } = positions.at(offset);
    return new vscode.Position(line, character);
  };
  return checked.parsed.issues.map((issue) => {
    const end = Math.max(issue.range.end, Math.min(issue.range.start + 1, checked.text.length));
    const diagnostic = new vscode.Diagnostic(
      new vscode.Range(place(issue.range.start), place(end)),
      issue.message,
      issue.severity === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
    );
    diagnostic.source = "basin";
    return diagnostic;
  });
}

export function createDiagnostics(files: StudyFiles): Diagnostics {
  const scope = createScope();
  const collection = scope.add(vscode.languages.createDiagnosticCollection("basin"));
  const publish = (checked: CheckedStudy): void => collection.set(checked.uri, diagnosticsOf(checked));
  scope.add(
    files.onDidChange(({ uri, gone }) => {
      const checked = files.get(uri);
      if (gone || checked === undefined) collection.delete(uri);
      else publish(checked);
    }),
  );
  return { publish, dispose: () => scope.dispose() };
}
