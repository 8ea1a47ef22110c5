/** Activation: nothing fails, nothing blocks, every command is there. */
import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import * as vscode from "vscode";
import { commands } from "../../src/host/ids.ts";
import { basin } from "./support.ts";

describe("activation", () => {
  it("ends without an error", async () => {
    const { activationMs } = await basin();
    console.log(`activate() took ${activationMs.toFixed(1)} ms`);
    assert.equal(vscode.extensions.getExtension("basin.basin")?.isActive, true);
  });

  it("registers every command of the manifest", async () => {
    await basin();
    const registered = new Set(await vscode.commands.getCommands(true));
    for (const id of Object.values(commands)) assert.ok(registered.has(id), id);
  });

  it("starts no engine where there is nothing to show", async () => {
    const { services } = await basin();
    const attached =
      vscode.workspace.workspaceFolders?.filter((folder) => services.engines.isAttached(folder.uri.fsPath)) ?? [];
    const studies = services.studies.all();
    assert.ok(attached.length === 0 || studies.length > 0);
  });
});
