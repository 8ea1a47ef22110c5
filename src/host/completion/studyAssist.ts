/**
 * Completion and hover for YAML study files, where the YAML extension is not there to read our schema.
 * Invariant: the words come from the same catalog and schema as the errors; this file only translates positions.
 */
import * as vscode from "vscode";
import { errorText } from "../../core/errors.ts";
import type { Completion } from "../../core/study/assist.ts";
import { studyFormatOf } from "../../core/study/format.ts";
import { createScope, type Disposable } from "../disposables.ts";
import { studyLanguage } from "../loadLanguage.ts";
import type { Log } from "../log.ts";
import type { Studies } from "../studies.ts";

const selector: vscode.DocumentSelector = [{ scheme: "file", pattern: "**/*.study.{yaml,yml}" }];

/** The extension that serves YAML schemas: with it, ours would say everything twice. */
const yamlExtension = "redhat.vscode-yaml";

const itemKinds: Readonly<Record<Completion["kind"], vscode.CompletionItemKind>> = {
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.EnumMember,
  parameter: vscode.CompletionItemKind.Variable,
  function: vscode.CompletionItemKind.Function,
  snippet: vscode.CompletionItemKind.Snippet,
};

function itemOf(document: vscode.TextDocument, entry: Completion): vscode.CompletionItem {
  const item = new vscode.CompletionItem(entry.label, itemKinds[entry.kind]);
  item.insertText = entry.isSnippet ? new vscode.SnippetString(entry.insert) : entry.insert;
  item.range = new vscode.Range(document.positionAt(entry.range.start), document.positionAt(entry.range.end));
  item.detail = entry.detail;
  item.documentation = new vscode.MarkdownString(entry.documentation);
  item.filterText = entry.filter;
  item.sortText = String(entry.order).padStart(4, "0");
  return item;
}

export function createStudyAssist(studies: Studies, log: Log): Disposable {
  const scope = createScope();
  let own: Disposable | undefined;

  const completion: vscode.CompletionItemProvider = {
    async provideCompletionItems(document, position) {
      const format = studyFormatOf(document.uri.path);
      if (format === undefined) return [];
      try {
        const { completions } = await studyLanguage();
        const offset = document.offsetAt(position);
        const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.fsPath;
        const names = studies.all().flatMap((study) => (study.folder === folder ? [study.summary.name] : []));
        return completions(document.getText(), format, offset, names).map((entry) => itemOf(document, entry));
      } catch (error) {
        log.warn(`Completion: ${errorText(error)}`);
        return [];
      }
    },
  };

  const hover: vscode.HoverProvider = {
    async provideHover(document, position) {
      const format = studyFormatOf(document.uri.path);
      if (format === undefined) return undefined;
      try {
        const { hover: explain } = await studyLanguage();
        const found = explain(document.getText(), format, document.offsetAt(position));
        if (found === undefined) return undefined;
        const range = new vscode.Range(document.positionAt(found.range.start), document.positionAt(found.range.end));
        return new vscode.Hover(new vscode.MarkdownString(found.markdown), range);
      } catch (error) {
        log.warn(`Hover: ${errorText(error)}`);
        return undefined;
      }
    },
  };

  function arrange(): void {
    const needed = vscode.extensions.getExtension(yamlExtension) === undefined;
    if (needed && own === undefined) {
      own = vscode.Disposable.from(
        vscode.languages.registerCompletionItemProvider(selector, completion, ":", " ", "[", "{", "-"),
        vscode.languages.registerHoverProvider(selector, hover),
      );
    } else if (!needed) {
      own?.dispose();
      own = undefined;
    }
  }

  arrange();
  scope.add(vscode.extensions.onDidChange(arrange));
  scope.defer(() => own?.dispose());
  return scope;
}
