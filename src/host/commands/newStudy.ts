/**
 * New Study File: a small valid study to edit, never over an existing file.
 * Invariant: what is written parses without errors.
 */
import path from "node:path";
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import { workspaceFolders } from "../engineConnection.ts";
import { requireTrust } from "../trust.ts";
import { safeFileName } from "./studyCommands.ts";

/** A study for any program; `{name}` in `run` is replaced by the parameter's value. */
export function studyTemplate(name: string): string {
  return `# What to train, what to try, and how long. Completion (Ctrl+Space) and hover explain every field.
study: ${JSON.stringify(name)}
objective: { metric: val_accuracy, direction: maximize }
trainer:
  kind: command
  run: python train.py --lr {learningRate} --width {width} --optimizer {optimizer}
  metrics:
    # For a script that prints "epoch 3 val_accuracy 0.91"; with Basin's Python module no pattern is needed.
    - { metric: val_accuracy, pattern: 'epoch (?<step>\\d+).*val_accuracy (?<value>[0-9.]+)' }
space:
  learningRate: { type: float, low: 1e-5, high: 1e-1, log: true }
  width: { type: int, low: 16, high: 512, log: true }
  optimizer: { type: categorical, choices: [sgd, adam] }
sampler: { kind: tpe }
budget: { trials: 30, parallel: 2 }
seed: 1
`;
}

export async function newStudy(): Promise<void> {
  requireTrust("write a study file");
  const folder = await pickFolder();
  if (folder === undefined) return;
  const name = await vscode.window.showInputBox({
    title: "New Study File",
    prompt: "Name of the study; the file is called <name>.study.yaml",
    value: "my-study",
    validateInput: (value) => (value.trim() === "" ? "A study needs a name." : undefined),
  });
  if (name === undefined) return;
  const base = safeFileName(name.trim());
  const uri = await freeUri(folder, base);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(studyTemplate(name.trim())));
  await vscode.window.showTextDocument(uri, { preview: false });
}

/** `<base>.study.yaml`, or `<base>-2.study.yaml` and so on: never one that exists. */
export async function freeUri(folder: string, base: string): Promise<vscode.Uri> {
  for (let i = 1; ; i++) {
    const uri = vscode.Uri.file(path.join(folder, `${base}${i === 1 ? "" : `-${i}`}.study.yaml`));
    try {
      await vscode.workspace.fs.stat(uri);
    } catch {
      return uri;
    }
  }
}

async function pickFolder(): Promise<string | undefined> {
  const folders = workspaceFolders();
  if (folders.length === 0) throw new BasinError("invalid-argument", "No folder is open.", "Open the folder of your project first.");
  if (folders.length === 1) return folders[0];
  return await vscode.window.showQuickPick(folders, { title: "New Study File", placeHolder: "Folder" });
}
