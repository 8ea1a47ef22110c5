/** Study and config files in the editor: diagnostics, lenses, completion, tuning. */
import { strict as assert } from "node:assert";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { commands } from "../../src/host/ids.ts";
import {
  basin,
  children,
  closeEditors,
  invalidStudy,
  lensTitles,
  liveStudy,
  removeFile,
  studyText,
  until,
  write,
  writeProgram,
} from "./support.ts";

describe("an invalid study file", () => {
  let uri: vscode.Uri;
  before(async () => {
    await basin();
    writeProgram();
    uri = write("bad.study.yaml", invalidStudy);
    await vscode.window.showTextDocument(uri);
  });
  after(async () => {
    await closeEditors();
    removeFile(uri);
  });

  it("has its errors at their lines, from basin", async () => {
    const found = await until("diagnostics", () => {
      const diagnostics = vscode.languages.getDiagnostics(uri);
      return diagnostics.length > 0 && diagnostics;
    });
    assert.deepEqual(new Set(found.map((diagnostic) => diagnostic.source)), new Set(["basin"]));
    assert.deepEqual(new Set(found.map((diagnostic) => diagnostic.range.start.line)), new Set([1, 4]));
    const first = found.find((diagnostic) => diagnostic.range.start.line === 1);
    assert.match(first?.message ?? "", /maximize/);
    assert.equal(
      first &&
        readFileSync(uri.fsPath, "utf8").split("\n")[1]?.slice(first.range.start.character, first.range.end.character),
      "upwards",
    );
  });

  it("offers no start in its lens, but says how many problems it has", async () => {
    const titles = await lensTitles(uri);
    assert.ok(
      titles.some((title) => title.includes("2 problems")),
      titles.join(" | "),
    );
    assert.ok(!titles.some((title) => title.includes("Start HPO Study")), titles.join(" | "));
  });

  it("is not started, and its first error is shown", async () => {
    await vscode.commands.executeCommand(commands.startStudy, uri);
    assert.equal(await liveStudy("bad"), undefined);
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.fsPath, uri.fsPath);
    assert.equal(editor?.document.getText(editor.selection), "upwards");
  });

  it("loses its diagnostics as it is mended, unsaved as it may be", async () => {
    const edit = new vscode.WorkspaceEdit();
    edit.replace(uri, new vscode.Range(1, 0, 1, 200), "objective: { metric: accuracy, direction: maximize }");
    edit.replace(uri, new vscode.Range(4, 0, 4, 200), "  x: { type: float, low: 0, high: 1 }");
    await vscode.workspace.applyEdit(edit);
    await until("no errors", () =>
      vscode.languages
        .getDiagnostics(uri)
        .every((diagnostic) => diagnostic.severity !== vscode.DiagnosticSeverity.Error),
    );
    await until("a start lens", async () => (await lensTitles(uri)).some((title) => title.includes("Start HPO Study")));
    await vscode.commands.executeCommand("workbench.action.files.revert");
  });
});

describe("study files on disk", () => {
  it("are found, followed and forgotten without being opened", async () => {
    const { services } = await basin();
    const uri = write("later.study.yaml", studyText("later", 2));
    const find = async () => (await children()).find((node) => node.kind === "file" && node.uri.fsPath === uri.fsPath);
    await services.files.scan();
    await until("the file in the view", find);
    write("later.study.yaml", invalidStudy);
    await until("its diagnostics", () => vscode.languages.getDiagnostics(uri).length > 0);
    removeFile(uri);
    await until("the file gone from the view", async () => (await find()) === undefined);
    await until("its diagnostics gone", () => vscode.languages.getDiagnostics(uri).length === 0);
  });

  it("have a lens with the size of the space", async () => {
    const uri = write("lens.study.yaml", studyText("lens", 2));
    await vscode.workspace.openTextDocument(uri);
    const titles = await lensTitles(uri);
    assert.ok(
      titles.some((title) => title.startsWith("1 parameter")),
      titles.join(" | "),
    );
    removeFile(uri);
  });

  it("complete and explain their fields", async () => {
    const uri = write("assist.study.yaml", "study: x\nsam");
    await vscode.window.showTextDocument(uri);
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      "vscode.executeCompletionItemProvider",
      uri,
      new vscode.Position(1, 3),
    );
    const labels = list.items.map((item) => (typeof item.label === "string" ? item.label : item.label.label));
    assert.ok(labels.includes("sampler"), labels.join(" "));
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      uri,
      new vscode.Position(0, 2),
    );
    assert.ok(hovers.length > 0);
    await closeEditors();
    removeFile(uri);
  });
});

describe("Tune This Model", () => {
  const config = "# training\nlearning_rate: 0.001\nbatch_size: 64\ndropout: 0.2\noptimizer: adam\n";
  it("is offered above a config with hyperparameters, and not above others", async () => {
    const uri = write("config.yaml", config);
    const other = write("notes.yaml", "title: a list\nitems: [a, b]\n");
    await Promise.all([vscode.workspace.openTextDocument(uri), vscode.workspace.openTextDocument(other)]);
    assert.ok((await lensTitles(uri)).some((title) => title.includes("Tune This Model")));
    assert.deepEqual(await lensTitles(other), []);
    removeFile(other);
  });

  it("writes a valid study beside it and leaves the config alone", async () => {
    const uri = write("config.yaml", config);
    await vscode.commands.executeCommand(commands.tuneModel, uri);
    const study = uri.with({ path: uri.path.replace("config.yaml", "config.study.yaml") });
    assert.ok(existsSync(study.fsPath));
    const { services } = await basin();
    const { study: parsed, issues } = (await services.files.check(study)).parsed;
    assert.deepEqual(issues, []);
    assert.deepEqual(parsed?.space.map((parameter) => parameter.name).toSorted(), [
      "batch_size",
      "dropout",
      "learning_rate",
      "optimizer",
    ]);
    assert.equal(readFileSync(uri.fsPath, "utf8"), config);
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, study.fsPath);
    await closeEditors();
    removeFile(uri);
    removeFile(study);
  });
});
