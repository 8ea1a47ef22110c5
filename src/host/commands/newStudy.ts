/**
 * New Study File: a small valid study to edit, never over an existing file.
 * Invariant: what is written parses without errors.
 */
import path from "node:path";
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import { workspaceFolders } from "../engineConnection.ts";
import { requireTrust } from "../trust.ts";
import { safeFileName } from "./fileNames.ts";
import { studyTemplate } from "./studyTemplate.ts";

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
  if (folders.length === 0)
    throw new BasinError("invalid-argument", "No folder is open.", "Open the folder of your project first.");
  if (folders.length === 1) return folders[0];
  return await vscode.window.showQuickPick(folders, { title: "New Study File", placeHolder: "Folder" });
}
