import { describe, expect, it } from "vitest";
import type { PanelToHost } from "../../src/protocol/panel.ts";
import { Rpc } from "./rpc.ts";

function connected(): { rpc: Rpc; sent: PanelToHost[] } {
  const sent: PanelToHost[] = [];
  return { rpc: new Rpc((message) => sent.push(message)), sent };
}

describe("Rpc", () => {
  it("pairs answers with requests in any order", async () => {
    const { rpc } = connected();
    const first = rpc.request("enqueue", { params: {} });
    const second = rpc.request("enqueue", { params: {} });
    rpc.receive({ type: "response", id: 2, ok: true, result: { number: 2 } });
    rpc.receive({ type: "response", id: 1, ok: true, result: { number: 1 } });
    expect(await first).toEqual({ number: 1 });
    expect(await second).toEqual({ number: 2 });
  });
  it("rejects with the host's error", async () => {
    const { rpc } = connected();
    const request = rpc.request("study", null);
    rpc.receive({ type: "response", id: 1, ok: false, code: "unknown-study", message: "Gone.", hint: "Start it." });
    await expect(request).rejects.toMatchObject({ code: "unknown-study", message: "Gone.", hint: "Start it." });
  });
  it("gives up after a time, tells the host, and ignores the late answer", async () => {
    const { rpc, sent } = connected();
    await expect(rpc.request("study", null, { timeoutMs: 1 })).rejects.toMatchObject({ code: "engine-unavailable" });
    expect(sent).toContainEqual({ type: "cancel", id: 1 });
    rpc.receive({ type: "response", id: 1, ok: true, result: {} });
  });
  it("is cancelled by its signal, before or after it was sent", async () => {
    const { rpc, sent } = connected();
    const abort = new AbortController();
    const request = rpc.request("study", null, { signal: abort.signal });
    abort.abort();
    await expect(request).rejects.toMatchObject({ code: "cancelled" });
    await expect(rpc.request("study", null, { signal: abort.signal })).rejects.toMatchObject({ code: "cancelled" });
    expect(sent.map((message) => message.type)).toEqual(["request", "cancel"]);
  });
  it("hands pushes to those who listen", () => {
    const { rpc } = connected();
    const got: string[] = [];
    const stop = rpc.onPush((push) => got.push(push.type));
    rpc.receive({ type: "changed", revision: 3 });
    stop();
    rpc.receive({ type: "changed", revision: 4 });
    expect(got).toEqual(["changed"]);
  });
});
