/** A study that runs: explorer, control, panel. */
import { strict as assert } from "node:assert";
import { after, before, describe, it } from "mocha";
import * as vscode from "vscode";
import type { TrialColumns } from "../../src/core/columns.ts";
import type { StudyDetail, TrialDetail } from "../../src/protocol/engine.ts";
import type { HostToPanel, PanelMethod, PanelToHost } from "../../src/protocol/panel.ts";
import type { PanelSession } from "../../src/host/panels/panelSession.ts";
import type { TrialNode } from "../../src/host/explorer/nodes.ts";
import { parseFilter } from "../../src/host/explorer/trialFilter.ts";
import { commands } from "../../src/host/ids.ts";
import {
  basin,
  children,
  closeEditors,
  lensTitles,
  liveStudy,
  studyNode,
  studyText,
  until,
  write,
  writeProgram,
} from "./support.ts";

async function trials(name: string): Promise<TrialNode[]> {
  const node = await studyNode(name);
  return node === undefined ? [] : (await children(node)).filter((each): each is TrialNode => each.kind === "trial");
}

const stateOf = async (name: string): Promise<string | undefined> => (await liveStudy(name))?.summary.state;

describe("a small study", () => {
  let uri: vscode.Uri;
  before(async () => {
    await basin();
    writeProgram();
    uri = write("tiny.study.yaml", studyText("tiny", 6));
  });

  it("starts from the command, even with its last edit unsaved", async () => {
    const editor = await vscode.window.showTextDocument(uri);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), "# edited\n"));
    await vscode.commands.executeCommand(commands.startStudy);
    assert.equal(editor.document.isDirty, false);
    await until("the study is known", () => liveStudy("tiny"));
  });

  it("fills the Trials view, best first, and ends with its budget", async () => {
    await until("it is complete", async () => (await stateOf("tiny")) === "complete");
    const rows = await until("all trials in the view", async () => {
      const found = await trials("tiny");
      return found.length === 6 && found.every((trial) => trial.row.state === "complete") && found;
    });
    const values = rows.map((trial) => trial.row.values[0] ?? Number.NaN);
    assert.deepEqual(
      values,
      values.toSorted((a, b) => b - a),
    );
    const { services } = await basin();
    const [first] = rows;
    assert.ok(first);
    const item = await services.tree.provider.getTreeItem(first);
    assert.equal((item.iconPath as vscode.ThemeIcon).id, "star-full");
    assert.match(String(item.description), /^0\.\d+ · x 0\.\d+/);
    const tooltip = (
      await services.tree.provider.resolveTreeItem?.(item, first, new vscode.CancellationTokenSource().token)
    )?.tooltip;
    assert.ok(tooltip instanceof vscode.MarkdownString && tooltip.isTrusted === false);
  });

  it("keeps its items through a refresh, so that selection and expansion stay", async () => {
    const { services } = await basin();
    const node = await studyNode("tiny");
    const before = await trials("tiny");
    await services.studies.refresh();
    services.tree.refresh();
    assert.equal(await studyNode("tiny"), node);
    assert.deepEqual(
      (await trials("tiny")).map((trial) => before.includes(trial)),
      before.map(() => true),
    );
  });

  it("is filtered by state and by expression", async () => {
    const { services } = await basin();
    const all = await trials("tiny");
    const middle = all[2]?.row.values[0] ?? 0;
    for (const [text, count] of [
      [`accuracy > ${middle}`, 2],
      ["state = complete", 6],
      ["failed", 0],
    ] as const) {
      const parsed = parseFilter(text);
      assert.ok(parsed.ok);
      services.tree.setFilter(parsed.filter);
      assert.equal((await trials("tiny")).length, count, text);
    }
    await vscode.commands.executeCommand(commands.clearFilter);
    assert.equal((await trials("tiny")).length, 6);
  });

  it("says in its lens how it ended", async () => {
    const titles = await lensTitles(uri);
    assert.ok(
      titles.some((title) => title.includes("Finished 6/6 · best 0.")),
      titles.join(" | "),
    );
    assert.ok(
      titles.some((title) => title.includes("Start Fresh")),
      titles.join(" | "),
    );
  });

  it("has a log for every trial, opened by the command", async () => {
    const [first] = await trials("tiny");
    assert.ok(first);
    await vscode.commands.executeCommand(commands.openTrialLog, first);
    assert.match(vscode.window.activeTextEditor?.document.uri.fsPath ?? "", /trainer\.log$/);
    assert.match(vscode.window.activeTextEditor?.document.getText() ?? "", /epoch 3 accuracy/);
    await closeEditors();
  });

  it("copies a trial's parameters", async () => {
    const [first] = await trials("tiny");
    assert.ok(first);
    await vscode.commands.executeCommand(commands.copyParams, first);
    assert.deepEqual(JSON.parse(await vscode.env.clipboard.readText()), first.row.params);
  });
});

describe("the panel of a study", () => {
  let session: PanelSession;
  const said: unknown[] = [];
  const ask = async (method: PanelMethod | "nonsense", params: unknown = null): Promise<HostToPanel> => {
    const response = await session.receive({
      type: "request",
      id: 1000 + said.length,
      method: method as PanelMethod,
      params,
    });
    assert.ok(response);
    return response;
  };
  const answer = async <T>(method: PanelMethod, params: unknown = null): Promise<T> => {
    const response = await ask(method, params);
    assert.ok(response.type === "response" && response.ok, JSON.stringify(response));
    return response.result as T;
  };

  before(async () => {
    const { services } = await basin();
    const study = await until("the study", () => liveStudy("tiny"));
    session = await services.panels.open(study, { preserveFocus: false });
    session.panel.webview.onDidReceiveMessage((message: PanelToHost) => said.push(message.type));
  });
  after(closeEditors);

  it("has a page whose script runs and asks for its study", async () => {
    await until("the script's ready and its requests", () => said.includes("ready") && said.includes("request"));
    assert.match(session.panel.webview.html, /default-src 'none'/);
    assert.ok(!session.panel.webview.html.includes("tiny"), "no text of the study in the page");
  });

  it("answers for study, columns and trial; columns are typed arrays of their own", async () => {
    const detail = await answer<StudyDetail>("study");
    assert.equal(detail.name, "tiny");
    const columns = await answer<TrialColumns>("columns");
    assert.equal(columns.count, 6);
    const values = columns.objectives[0]?.values;
    assert.ok(values instanceof Float64Array && values.byteLength === values.buffer.byteLength);
    const trial = await answer<TrialDetail>("trial", { number: 2 });
    assert.equal(trial.number, 2);
  });

  it("answers what cannot be done with an error, never with silence", async () => {
    const missing = await ask("trial", { number: 4711 });
    assert.ok(missing.type === "response" && !missing.ok && missing.code === "unknown-trial" && missing.message !== "");
    const unknown = await ask("nonsense");
    assert.ok(unknown.type === "response" && !unknown.ok);
  });

  it("shares its selection with the Trials view, both ways", async () => {
    const { services } = await basin();
    const study = await until("the study", () => liveStudy("tiny"));
    const key = `${study.folder}#${study.summary.id}`;
    await answer("select", { numbers: [3] });
    assert.deepEqual(services.selection.get(key), [3]);
    const [first] = await trials("tiny");
    assert.ok(first);
    await vscode.commands.executeCommand(commands.showTrial, first);
    assert.deepEqual(services.selection.get(key), [first.row.number]);
    assert.equal(services.panels.sessions().length, 1, "the same panel is used");
  });

  it("is gone from the books when it is closed", async () => {
    const { services } = await basin();
    session.close();
    assert.equal(services.panels.sessions().length, 0);
  });
});

describe("a longer study", () => {
  let uri: vscode.Uri;
  before(async () => {
    await basin();
    writeProgram();
    uri = write("long.study.yaml", studyText("long", 200, 200));
    await vscode.commands.executeCommand(commands.startStudy, uri);
    await until("it runs", async () => (await stateOf("long")) === "running");
  });
  after(async () => {
    if ((await stateOf("long")) !== "stopped") await vscode.commands.executeCommand(commands.stopStudy, uri);
  });

  it("shows progress, pause and stop in its lens", async () => {
    const titles = await until("a running lens", async () => {
      const found = await lensTitles(uri);
      return found.some((title) => title.includes("Running")) && found;
    });
    for (const word of ["Pause", "Stop", "Open Panel"])
      assert.ok(
        titles.some((title) => title.includes(word)),
        word,
      );
  });

  it("stops one trial and goes on", async () => {
    const running = await until("a running trial", async () =>
      (await trials("long")).find((trial) => trial.row.state === "running"),
    );
    await vscode.commands.executeCommand(commands.stopTrial, running);
    await until("it has failed", async () =>
      (await trials("long")).some((trial) => trial.row.number === running.row.number && trial.row.state === "failed"),
    );
    assert.equal(await stateOf("long"), "running");
  });

  it("pauses, resumes and stops", async () => {
    await vscode.commands.executeCommand(commands.pauseStudy, uri);
    await until("it is paused", async () => (await stateOf("long")) === "paused");
    assert.ok((await lensTitles(uri)).some((title) => title.includes("Resume")));
    await vscode.commands.executeCommand(commands.resumeStudy, uri);
    await until("it runs again", async () => (await stateOf("long")) === "running");
    await vscode.commands.executeCommand(commands.stopStudy, uri);
    await until("it is stopped", async () => (await stateOf("long")) === "stopped");
    await until("nothing runs", async () => (await liveStudy("long"))?.summary.counts.running === 0);
  });
});
