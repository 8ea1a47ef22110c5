/**
 * "Tune This Model" above configuration files in which hyperparameters are recognised.
 * Invariant: reads only files of a size a person writes, and never one that is a study already.
 */
import * as vscode from "vscode";
import { errorText } from "../../core/errors.ts";
import { studyFormatOf } from "../../core/study/format.ts";
import { createScope, type Disposable } from "../disposables.ts";
import { commands, settings } from "../ids.ts";
import { studyLanguage } from "../loadLanguage.ts";
import type { Log } from "../log.ts";
import { readSettings } from "../settings.ts";
import type { TunableConfig } from "../studyLanguage.ts";
import { tuneLensText } from "./texts.ts";

const selector: vscode.DocumentSelector = [{ scheme: "file", pattern: "**/*.{yaml,yml,json,jsonc,toml}" }];
/** Larger files are data, not something a person wrote. */
export const maxConfigBytes = 100_000;

/** The hyperparameters of a configuration file, or undefined when there is nothing to tune in it. */
export async function tunableConfig(file: string, text: string): Promise<TunableConfig | undefined> {
  if (text.length > maxConfigBytes || studyFormatOf(file) !== undefined) return undefined;
  return (await studyLanguage()).tunable(file, text);
}

export function createConfigLens(log: Log): Disposable {
  const scope = createScope();
  const updates = scope.add(new vscode.EventEmitter<void>());
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: updates.event,
    async provideCodeLenses(document) {
      if (!readSettings(document.uri).tuneLens) return [];
      try {
        const config = await tunableConfig(document.uri.fsPath, document.getText());
        if (config === undefined) return [];
        const title = tuneLensText(config.found.length);
        return [
          new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), {
            title,
            command: commands.tuneModel,
            arguments: [document.uri],
          }),
        ];
      } catch (error) {
        log.warn(`${document.uri.fsPath}: ${errorText(error)}`);
        return [];
      }
    },
  };
  scope.add(vscode.languages.registerCodeLensProvider(selector, provider));
  scope.add(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(settings.tuneLens)) updates.fire();
    }),
  );
  return scope;
}
