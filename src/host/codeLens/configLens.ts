/**
 * "Tune This Model" above configuration files in which hyperparameters are recognised.
 * Invariant: reads only files of a size a person writes, and never one that is a study already.
 */
import path from "node:path";
import * as vscode from "vscode";
import type { FoundParameter } from "../../core/infer/configFile.ts";
import { errorText } from "../../core/errors.ts";
import { studyFormatOf } from "../../core/study/format.ts";
import { createScope, type Disposable } from "../disposables.ts";
import { commands, settings } from "../ids.ts";
import type { Log } from "../log.ts";
import { readSettings } from "../settings.ts";
import { tuneLensText } from "./texts.ts";

export type ConfigFormat = "yaml" | "json" | "toml";

const selector: vscode.DocumentSelector = [{ scheme: "file", pattern: "**/*.{yaml,yml,json,jsonc,toml}" }];
const maxCharacters = 100_000;
/** Files of tools, which hold numbers that nobody tunes. */
const toolFiles = /^(package(-lock)?|tsconfig.*|jsconfig.*|composer|bower|lerna|nx|turbo|pyproject|cargo|poetry|settings|launch|tasks|extensions|docker-compose.*|compose.*|mkdocs|environment|\..*)\.(jsonc?|ya?ml|toml)$/i;
const toolFolders = /[/\\](node_modules|\.git|\.basin|\.vscode|\.github|\.venv)[/\\]/;

/** How a configuration file is written, or undefined when it is none that could be tuned. */
export function configFormatOf(file: string): ConfigFormat | undefined {
  if (studyFormatOf(file) !== undefined || toolFiles.test(path.basename(file)) || toolFolders.test(file)) return undefined;
  const extension = path.extname(file).toLowerCase();
  if (extension === ".yaml" || extension === ".yml") return "yaml";
  if (extension === ".json" || extension === ".jsonc") return "json";
  return extension === ".toml" ? "toml" : undefined;
}

/** Hyperparameters of a configuration text; empty when it does not look like one. */
export async function tunableParameters(text: string, format: ConfigFormat): Promise<readonly FoundParameter[]> {
  if (text.length > maxCharacters) return [];
  const { findHyperparameters, isTunable } = await import("../../core/infer/configFile.ts");
  const found = findHyperparameters(text, format);
  return isTunable(found) ? found : [];
}

export function createConfigLens(log: Log): Disposable {
  const scope = createScope();
  const updates = scope.add(new vscode.EventEmitter<void>());
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: updates.event,
    async provideCodeLenses(document) {
      const format = configFormatOf(document.uri.fsPath);
      if (format === undefined || !readSettings(document.uri).tuneLens) return [];
      try {
        const found = await tunableParameters(document.getText(), format);
        if (found.length === 0) return [];
        return [new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), { title: tuneLensText(found.length), command: commands.tuneModel, arguments: [document.uri] })];
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
