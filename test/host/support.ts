/**
 * What the host tests share: the extension's services, files in the open folder, and waiting for conditions.
 * Invariant: nothing sleeps a fixed time; every wait names what it waits for.
 */
import { strict as assert } from "node:assert";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import type { BasinExports } from "../../src/extension.ts";
import type { Node, StudyNode } from "../../src/host/explorer/nodes.ts";
import type { LiveStudy } from "../../src/host/studies.ts";

export async function basin(): Promise<BasinExports> {
  const extension = vscode.extensions.getExtension<BasinExports>("basin.basin");
  assert.ok(extension, "the extension is installed");
  const exported = await extension.activate();
  await exported.settled;
  return exported;
}

export function workspaceFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, "a folder is open");
  return folder.uri.fsPath;
}

/** Polls until `condition` answers something that is not undefined or false. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = 40_000,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Writes a file into the folder of the host tests. */
export function write(name: string, text: string): vscode.Uri {
  const folder = path.join(workspaceFolder(), "host-tests");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), text);
  return vscode.Uri.file(path.join(folder, name));
}

export function removeFile(uri: vscode.Uri): void {
  rmSync(uri.fsPath, { force: true });
}

/** A program without any of our code: three epochs, an accuracy that grows with `x`, a pause of `pause` ms each. */
export function writeProgram(): void {
  write(
    "program.mjs",
    `const [x, pause] = process.argv.slice(2).map(Number);
for (let epoch = 1; epoch <= 3; epoch++) {
  await new Promise((resolve) => setTimeout(resolve, pause));
  console.log("epoch " + epoch + " accuracy " + (x * epoch / 3).toFixed(4));
}
`,
  );
}

export function studyText(name: string, trials: number, pause = 0): string {
  return `study: ${name}
objective: { metric: accuracy, direction: maximize }
trainer:
  kind: command
  run: node program.mjs {x} {pause}
  epochs: 3
  metrics:
    - { metric: accuracy, pattern: 'epoch (?<step>\\d+) accuracy (?<value>[0-9.]+)' }
space:
  x: { type: float, low: 0, high: 1 }
  pause: { type: constant, value: ${pause} }
sampler: { kind: random }
budget: { trials: ${trials}, parallel: 2 }
seed: 5
`;
}

export const invalidStudy = `study: bad
objective: { metric: accuracy, direction: upwards }
trainer: { kind: command, run: node program.mjs }
space:
  x: { type: float, low: 1, high: 0 }
budget: { trials: 3 }
`;

/** Items of the Trials view as the view itself would ask for them. */
export async function children(node?: Node): Promise<Node[]> {
  const { services } = await basin();
  return [...((await services.tree.provider.getChildren(node)) ?? [])];
}

export async function studyNode(name: string): Promise<StudyNode | undefined> {
  const nodes = await children();
  return nodes.find((node): node is StudyNode => node.kind === "study" && node.study.summary.name === name);
}

export async function liveStudy(name: string): Promise<LiveStudy | undefined> {
  const { services } = await basin();
  return services.studies.all().find((study) => study.summary.name === name);
}

export async function lensTitles(uri: vscode.Uri): Promise<string[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", uri, 50);
  return lenses.flatMap((lens) => (lens.command === undefined ? [] : [lens.command.title]));
}

export async function closeEditors(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
}
