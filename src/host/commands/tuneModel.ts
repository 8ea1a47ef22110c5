/**
 * Tune This Model: a study file inferred from a configuration file, written beside it and opened.
 * Invariant: nothing is ever written over; what is written is a valid study.
 */
import path from "node:path";
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import { maxConfigBytes, tunableConfig } from "../codeLens/configLens.ts";
import { studyLanguage } from "../loadLanguage.ts";
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
  const fileName = path.basename(config.fsPath);
  const tunable = await tunableConfig(config.fsPath, text);
  if (tunable === undefined) {
    throw new BasinError(
      "invalid-argument",
      `Basin recognises no hyperparameters in ${fileName}.`,
      "It looks for numbers and names such as learning_rate, batch_size, dropout, hidden_size or optimizer.",
    );
  }
  const folder = path.dirname(config.fsPath);
  const base = path.basename(fileName, path.extname(fileName));
  const target = await chooseTarget(folder, base);
  if (target === undefined) return undefined;
  if (target.write) {
    const { studyTextFor } = await studyLanguage();
    const files = await programsNear(folder);
    const study = studyTextFor(
      { fileName, text, format: tunable.format },
      { files, name: studyName(folder, base), style: await parameterStyle(folder, files) },
    );
    await vscode.workspace.fs.writeFile(target.uri, new TextEncoder().encode(study));
    services.log.info(`Wrote ${target.uri.fsPath} from ${config.fsPath}`);
  }
  await vscode.window.showTextDocument(target.uri, { preview: false });
  return target.uri;
}

/** "config" says nothing about what is tuned; the folder's name does. */
function studyName(folder: string, base: string): string {
  return /^(config|configs|params|parameters|hparams|hyperparameters|hyperparams|settings|default|train|training|main)$/i.test(
    base,
  )
    ? path.basename(folder)
    : base;
}

/** Files of the folder, and of the one above it as "../name" as long as that is in the workspace. */
async function programsNear(folder: string): Promise<string[]> {
  const list = async (uri: vscode.Uri): Promise<string[]> =>
    (await vscode.workspace.fs.readDirectory(uri))
      .filter(([, type]) => type === vscode.FileType.File)
      .map(([name]) => name);
  const own = await list(vscode.Uri.file(folder));
  const parent = vscode.Uri.file(path.dirname(folder));
  if (vscode.workspace.getWorkspaceFolder(parent) === undefined) return own;
  return [...own, ...(await list(parent)).map((name) => `../${name}`)];
}

/** Whether the project's programs read Basin's parameters by its module or, as far as one can see, by arguments. */
async function parameterStyle(folder: string, files: readonly string[]): Promise<"module" | "arguments"> {
  let parses = false;
  for (const name of files.filter((file) => file.endsWith(".py")).slice(0, 20)) {
    const uri = vscode.Uri.file(path.join(folder, name));
    if ((await vscode.workspace.fs.stat(uri)).size > maxConfigBytes) continue;
    const code = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    if (/^\s*(import|from)\s+basin\b/m.test(code)) return "module";
    if (/train|main|fit|run/i.test(name) && /\b(argparse|click|typer|fire)\b/.test(code)) parses = true;
  }
  return parses ? "arguments" : "module";
}

/** The configuration file: the argument, the active editor, or a pick among the workspace's. */
async function configTarget(argument: unknown): Promise<vscode.Uri | undefined> {
  if (argument instanceof vscode.Uri) return argument;
  const active = vscode.window.activeTextEditor?.document;
  if (active?.uri.scheme === "file" && (await tunableConfig(active.uri.fsPath, active.getText())) !== undefined)
    return active.uri;
  const candidates = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: "Looking for configuration files" },
    findCandidates,
  );
  if (candidates.length === 0) {
    throw new BasinError(
      "invalid-argument",
      "There is no configuration file with hyperparameters in this workspace.",
      "Open one (YAML, JSON or TOML), or run New Study File.",
    );
  }
  const picked = await vscode.window.showQuickPick(candidates, {
    title: "Tune This Model",
    placeHolder: "Configuration file",
    matchOnDescription: true,
  });
  return picked?.uri;
}

async function findCandidates(): Promise<{ label: string; description: string; uri: vscode.Uri }[]> {
  const uris = await vscode.workspace.findFiles(pattern, ignored, maxCandidates);
  const candidates: { label: string; description: string; uri: vscode.Uri }[] = [];
  for (const uri of uris) {
    if ((await vscode.workspace.fs.stat(uri)).size > maxConfigBytes) continue;
    const config = await tunableConfig(uri.fsPath, new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)));
    if (config !== undefined)
      candidates.push({
        label: vscode.workspace.asRelativePath(uri),
        description: `${config.found.length} hyperparameters`,
        uri,
      });
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
  const chosen = await vscode.window.showInformationMessage(
    `${path.basename(first.fsPath)} exists already.`,
    open,
    another,
  );
  if (chosen === open) return { uri: first, write: false };
  return chosen === another ? { uri: free, write: true } : undefined;
}
