import { readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectEngine } from "../client/engineClient.ts";
import type { EngineClient } from "../client/engineClient.types.ts";
import { wireConnection } from "../client/wire.ts";
import { readLock, workspaceFiles } from "../client/workspaceFiles.ts";
import { BasinError } from "../core/errors.ts";
import { engineProtocolVersion } from "../protocol/engine.ts";
import { createFakeExecutor, curve } from "./testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText, until } from "./testing/engineFixture.ts";
import { engineVersion } from "./version.ts";

const executor = createFakeExecutor((job) =>
  job.study.name === "hang" ? ["hang"] : curve("loss", [1, Number(job.params["x"])]),
);
let fixture: Fixture;
const clients: EngineClient[] = [];
beforeEach(async () => {
  fixture = await engineFixture(executor);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.dispose();
  await fixture.dispose();
});

async function join(onConnection?: (state: { connected: boolean; message: string }) => void): Promise<EngineClient> {
  const client = await connectEngine({
    workspace: fixture.workspace,
    client: "test",
    start: "never",
    ...(onConnection === undefined ? {} : { onConnection }),
  });
  clients.push(client);
  return client;
}

/** A connection that has not shaken hands. */
async function raw(): Promise<ReturnType<typeof wireConnection>> {
  const socket = connect(fixture.engine.address);
  await new Promise((resolve) => {
    socket.once("connect", resolve);
  });
  const connection = wireConnection(socket);
  connection.listen();
  return connection;
}

describe("the socket", () => {
  it("may be opened by its user only, and is named in the lock", () => {
    const lock = readLock(workspaceFiles(fixture.workspace).lock);
    expect(lock).toMatchObject({ pid: process.pid, socket: fixture.engine.address, engineVersion });
    expect(statSync(fixture.engine.address).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync("package.json", "utf8"))).toMatchObject({ version: engineVersion });
  });

  it("refuses clients of another protocol, and everything before the handshake", async () => {
    const connection = await raw();
    const early = await connection.sendRequest("study.list", {}).catch((error: unknown) => error);
    expect(early).toMatchObject({ data: { code: "protocol-mismatch" } });
    const hello = { protocolVersion: engineProtocolVersion + 1, client: "test", pid: 1 };
    const wrong = await connection.sendRequest("initialize", hello).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ data: { code: "protocol-mismatch" } });
    expect(JSON.stringify(wrong)).toContain("Update");
    connection.dispose();
  });

  it("survives garbage and unknown requests", async () => {
    const socket = connect(fixture.engine.address);
    socket.write("Content-Length: 5\r\n\r\n\xc1\xc1\xc1\xc1\xc1");
    await new Promise((resolve) => {
      socket.once("close", resolve);
    });
    const connection = await raw();
    await connection.sendRequest("initialize", { protocolVersion: engineProtocolVersion, client: "test", pid: 1 });
    await expect(connection.sendRequest("study.unknown", {})).rejects.toMatchObject({
      data: { code: "invalid-argument" },
    });
    const wrong = await connection.sendRequest("study.get", { studyId: "one" }).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ data: { code: "invalid-argument" } });
    expect(String(wrong)).toContain("studyId");
    connection.dispose();
    expect((await (await join()).request("engine.status", {})).pid).toBe(process.pid);
  });
});

describe("a client", () => {
  it("asks, gets columns as typed arrays and errors as BasinErrors", async () => {
    const client = await join();
    const ended = new Promise((resolve) => {
      client.onNotification("study.ended", resolve);
    });
    const path = `${fixture.workspace}/a.study.yaml`;
    const { studyId } = await client.request("study.start", {
      path,
      text: studyText({ trials: 5, parallel: 2 }),
      mode: "continue",
    });
    expect(await ended).toMatchObject({ studyId, state: "complete", best: { values: [expect.any(Number)] } });
    const columns = await client.request("trial.columns", { studyId });
    expect(columns.objectives[0]?.values).toBeInstanceOf(Float64Array);
    expect(columns.state).toBeInstanceOf(Uint8Array);
    expect(columns).toEqual(await fixture.engine.request("trial.columns", { studyId }));
    const missing = await client.request("study.get", { studyId: 99 }).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(BasinError);
    expect(missing).toMatchObject({ code: "unknown-study" });
  });

  it("cancels what it no longer wants", async () => {
    const client = await join();
    const abort = new AbortController();
    const asked = client.request("study.list", {}, abort.signal);
    abort.abort();
    await expect(asked).rejects.toMatchObject({ code: "cancelled" });
    await expect(client.request("study.list", {}, abort.signal)).rejects.toMatchObject({ code: "cancelled" });
    expect(await client.request("study.list", {})).toEqual([]);
  });

  it("hears of changes at most ten times a second, and nothing is missed at the end", async () => {
    const client = await join();
    const heard: { at: number; revision: number }[] = [];
    client.onNotification("changed", ({ revision }) => void heard.push({ at: performance.now(), revision }));
    const begin = performance.now();
    const path = `${fixture.workspace}/a.study.yaml`;
    const { studyId } = await client.request("study.start", {
      path,
      text: studyText({ trials: 100 }),
      mode: "continue",
    });
    await until(async () => (await client.request("study.get", { studyId })).state === "complete");
    const { revision } = await client.request("engine.status", {});
    await until(() => heard.at(-1)?.revision === revision, "the last revision");
    expect(heard.length).toBeLessThanOrEqual(3 + (performance.now() - begin) / 100);
  });

  it("finds the next engine by itself and goes on hearing from it", async () => {
    const states: boolean[] = [];
    const client = await join(({ connected }) => void states.push(connected));
    let heard = 0;
    client.onNotification("changed", () => void (heard += 1));
    await fixture.restart(executor);
    const { pid } = await client.request("engine.status", {});
    expect(pid).toBe(process.pid);
    expect(states[0]).toBe(false);
    expect(states.at(-1)).toBe(true);
    heard = 0;
    await fixture.start(studyText({ name: "hang", trials: 1 }));
    await until(() => heard > 0, "a notification of the new engine");
  });

  it("learns that its request is lost with the engine", async () => {
    const client = await join();
    await fixture.start(studyText({ name: "hang", trials: 1, trainer: "{ kind: none }" }));
    await fixture.engine.close("test");
    const answer = await client.request("engine.status", {}, AbortSignal.timeout(300)).catch((error: unknown) => error);
    expect(answer).toBeInstanceOf(BasinError);
    expect(client.connected).toBe(false);
  });

  it("gives back the trials that a vanished one had asked for", async () => {
    const { studyId } = await fixture.start(studyText({ trials: 3, trainer: "{ kind: none }" }));
    const first = await join();
    const { trials } = await first.request("ask", { studyId, count: 1 });
    const second = await join();
    expect((await second.request("ask", { studyId, count: 1 })).trials[0]?.number).toBe(1);
    first.dispose();
    await until(async () => (await fixture.study(studyId)).counts.waiting === 1, "the trial to wait");
    expect((await second.request("ask", { studyId, count: 1 })).trials).toEqual([{ ...trials[0], resumed: true }]);
  });

  it("says that no engine runs when it may not start one", async () => {
    await fixture.engine.close("test");
    await expect(join()).rejects.toMatchObject({ code: "engine-unavailable" });
  });
});
