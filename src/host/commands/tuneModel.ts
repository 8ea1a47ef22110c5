/**
 * Tune This Model: a study file inferred from a configuration file, written beside it and opened.
 * Invariant: nothing is ever written over; what is written is a valid study.
 */
import path from "node:path";
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import { configFormatOf, tunableParameters } from "../codeLens/configLens.ts";
import type { Services } from "../services.ts";
import { requireTrust } from "../trust.ts";
import { freeUri } from "./newStudy.ts";

const pattern = "**/*{config,param,Param,hyper,train,setting,Config}*.{yaml,yml,json,toml}";
const ignored = "**/{node_modules,.git,.basin,.venv,.vscode,dist,out}/**";
const maxCandidates = 300;

export async function tuneModel(services: Services, argument: unknown): Promise<vscode.Uri | undefined> {
  requireTrust("write a study file");
  const config = await configTarget(argument);
  if (config === undefined) return undefined;
  const text = (await vscode.workspace.openTextDocument(config)).getText();
  const format = configFormatOf(config.fsPath);
  const found = format === undefined ? [] : await tunableParameters(text, format);
  if (format === undefined || found.length === 0) {
    throw new BasinError(
      "invalid-argument",
      `Basin recognises no hyperparameters in ${path.basename(config.fsPath)}.`,
      "It looks for numbers and names such as learning_rate, batch_size, dropout, hidden_size or optimizer.",
    );
  }
  const folder = path.dirname(config.fsPath);
  const base = path.basename(config.fsPath, path.extname(config.fsPath));
  const target = await chooseTarget(folder, base);
  if (target === undefined) return undefined;
  if (target.write) {
    const { studyTextFor } = await import("../../core/infer/studyText.ts");
    const study = studyTextFor({ name: base, configFile: path.basename(config.fsPath), format, parameters: found });
    await vscode.workspace.fs.writeFile(target.uri, new TextEncoder().encode(study));
    services.log.info(`Wrote ${target.uri.fsPath} from ${config.fsPath}`);
  }
  await vscode.window.showTextDocument(target.uri, { preview: false });
  return target.uri;
}

/** The configuration file: the argument, the active editor, or a pick among the workspace's. */
async function configTarget(argument: unknown): Promise<vscode.Uri | undefined> {
  if (argument instanceof vscode.Uri) return argument;
  const active = vscode.window.activeTextEditor?.document;
  const format = active === undefined ? undefined : configFormatOf(active.uri.fsPath);
  if (active !== undefined && format !== undefined && (await tunableParameters(active.getText(), format)).length > 0) return active.uri;
  const candidates = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: "Looking for configuration files" }, findCandidates);
  if (candidates.length === 0) {
    throw new BasinError(
      "invalid-argument",
      "There is no configuration file with hyperparameters in this workspace.",
      "Open one (YAML, JSON or TOML), or run New Study File.",
    );
  }
  const picked = await vscode.window.showQuickPick(candidates, { title: "Tune This Model", placeHolder: "Configuration file", matchOnDescription: true });
  return picked?.uri;
}

async function findCandidates(): Promise<{ label: string; description: string; uri: vscode.Uri }[]> {
  const uris = await vscode.workspace.findFiles(pattern, ignored, maxCandidates);
  const candidates: { label: string; description: string; uri: vscode.Uri }[] = [];
  for (const uri of uris) {
    const format = configFormatOf(uri.fsPath);
    if (format === undefined || (await vscode.workspace.fs.stat(uri)).size > 100_000) continue;
    const found = await tunableParameters(new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)), format);
    if (found.length > 0) candidates.push({ label: vscode.workspace.asRelativePath(uri), description: `${found.length} hyperparameters`, uri });
  }
  return candidates.sort((a, b) => a.label.localeCompare(b.label));
}

/** Where to write; a study that is there already is opened or left alone, never overwritten. */
async function chooseTarget(folder: string, base: string): Promise<{ uri: vscode.Uri; write: boolean } | undefined> {
  const first = vscode.Uri.file(path.join(folder, `${base}.study.yaml`));
  const free = await freeUri(folder, base);
  if (free.fsPath === first.fsPath) return { uri: free, write: true };
  const open = "Open It";
  const another = `Write ${path.basename(free.fsPath)}`;
  const chosen = await vscode.window.showInformationMessage(`${path.basename(first.fsPath)} exists already.`, open, another);
  if (chosen === open) return { uri: first, write: false };
  return chosen === another ? { uri: free, write: true } : undefined;
}
