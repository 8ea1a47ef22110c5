/**
 * The detached engine as a process: started once by many, ended when idle or asked to, found again after a kill.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { EngineClient } from "../../src/client/engineClient.types.ts";
import { connectEngine } from "../../src/client/engineClient.ts";
import { readLock, workspaceFiles } from "../../src/client/workspaceFiles.ts";
import { bundleEngine, type FaultWorkspace, faultWorkspace, isAlive, kill, sleep } from "./faultFixture.ts";

let engine: { bundle: string; folder: string };
let workspace: FaultWorkspace;
const clients: EngineClient[] = [];
beforeAll(async () => {
  engine = await bundleEngine();
});
beforeEach(() => {
  workspace = faultWorkspace(engine.bundle);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
  workspace.dispose();
});
afterAll(() => rmSync(engine.folder, { recursive: true, force: true }));

async function connect(env: Readonly<Record<string, string>> = {}): Promise<EngineClient> {
  const client = await connectEngine({
    workspace: workspace.folder,
    client: "test",
    start: { execPath: process.execPath, args: [engine.bundle], env: { BASIN_NODE: process.execPath, ...env } },
  });
  clients.push(client);
  return client;
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(10);
}

it("is one for all windows that start it at the same instant", async () => {
  const all = await Promise.all(Array.from({ length: 3 }, () => connect()));
  const pids = await Promise.all(all.map(async (client) => (await client.request("engine.status", {})).pid));
  expect(new Set(pids).size).toBe(1);
  expect((await all[0]!.request("engine.status", {})).clients).toBe(3);
});

it("ends when nobody is there and nothing runs, and not while a study runs", async () => {
  const client = await connect({ BASIN_IDLE_MS: "200" });
  const { pid } = await client.request("engine.status", {});
  await client.request("study.start", { path: workspace.studyPath, text: workspace.text(4, 2), mode: "continue" });
  client.dispose();
  await untilGone(pid);
  const files = workspaceFiles(workspace.folder);
  expect(readLock(files.lock)).toBeUndefined();
  expect(readFileSync(files.log, "utf8")).toContain("No client and no running study");
  expect(existsSync(`${files.database}-wal`)).toBe(false);
  const again = await connect();
  expect(await again.request("study.list", {})).toMatchObject([{ state: "complete", counts: { complete: 4 } }]);
});

it("ends in order on SIGTERM: trials go back, trainers end, and the next engine goes on", async () => {
  const client = await connect();
  const { pid } = await client.request("engine.status", {});
  const { studyId } = await client.request("study.start", {
    path: workspace.studyPath,
    text: workspace.text(30, 2),
    mode: "continue",
  });
  while ((await client.request("study.get", { studyId })).counts.complete < 2) await sleep(10);
  client.dispose();
  process.kill(pid, "SIGTERM");
  await untilGone(pid);
  expect(workspace.trainers()).toEqual([]);
  expect(workspace.integrity()).toBe("ok");
  const next = await connect();
  const study = await next.request("study.get", { studyId });
  expect(study.state).toBe("running");
  expect(study.counts.running).toBe(study.slots.length);
  await next.request("study.stop", { studyId });
  expect(await next.request("study.get", { studyId })).toMatchObject({ state: "stopped", slots: [] });
});

it("is started again by its clients when it is killed", async () => {
  const client = await connect();
  const heard: number[] = [];
  client.onNotification("changed", ({ revision }) => void heard.push(revision));
  const { pid } = await client.request("engine.status", {});
  kill(pid);
  await untilGone(pid);
  while (client.connected) await sleep(5);
  // Asked while there is no engine: the request waits for the next one.
  expect((await client.request("engine.status", {})).pid).not.toBe(pid);
  heard.length = 0;
  await client.request("study.start", { path: workspace.studyPath, text: workspace.text(2, 1), mode: "continue" });
  while (heard.length === 0) await sleep(10);
});

it("says what keeps it from starting", async () => {
  const broken = connectEngine({
    workspace: workspace.folder,
    client: "test",
    start: {
      execPath: process.execPath,
      args: ["-e", "console.error('no such module'); process.exit(7)", "--"],
      env: {},
    },
  });
  await expect(broken).rejects.toMatchObject({ code: "engine-unavailable" });
  await expect(broken).rejects.toThrow(/exit code 7.*no such module/s);
});
