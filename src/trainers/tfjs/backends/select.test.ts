import path from "node:path";
import { describe, expect, it } from "vitest";
import { BackendUnavailable, type Backend } from "./backend.ts";
import { cpuBackend } from "./cpu.ts";
import { loadNative } from "./nativeModule.ts";
import { probe } from "./probe.ts";
import { backends, orderFor, selectBackend } from "./select.ts";

function broken(error: Error): Backend {
  const load = async (): Promise<never> => {
    throw error;
  };
  return { name: "tfjs-node-gpu", threaded: false, load };
}

/** Loads, but its kernels give nonsense. */
const lying: Backend = {
  name: "tfjs-node",
  threaded: false,
  async load(options) {
    const loaded = await cpuBackend.load(options);
    return {
      ...loaded,
      tf: { ...loaded.tf, grads: () => () => [loaded.tf.scalar(Number.NaN)] } as unknown as typeof loaded.tf,
    };
  },
};

describe("selectBackend", () => {
  it("goes down the list past what does not load or does not train, and says why", async () => {
    const log: string[] = [];
    const chosen = await selectBackend("auto", { threads: 1 }, (message) => log.push(message), [
      broken(new BackendUnavailable("tfjs-node-gpu", "No GPU here.")),
      lying,
      cpuBackend,
    ]);
    expect(chosen.name).toBe("cpu");
    expect(log).toEqual([
      "Back end tfjs-node-gpu is not used: No GPU here.",
      "Back end tfjs-node is not used: its gradients are not finite",
    ]);
  });

  it("does not fall back from a forced one", async () => {
    await expect(selectBackend("tfjs-node-gpu", { threads: 1 }, () => undefined)).rejects.toThrow(
      /"tfjs-node-gpu" cannot be used here/,
    );
  });

  it("ends clearly when nothing works", async () => {
    await expect(selectBackend("auto", { threads: 1 }, () => undefined, [broken(new Error("x"))])).rejects.toThrow(
      /No back end/,
    );
  });

  it("knows the order, best first", () => {
    const names = (list: readonly Backend[]): string[] => list.map((backend) => backend.name);
    expect(names(backends)).toEqual(["tfjs-node-gpu", "webgpu", "tfjs-node", "wasm", "cpu"]);
    expect(names(orderFor(false))).toEqual(names(backends));
    expect(names(orderFor(true))).toEqual(["tfjs-node-gpu", "webgpu", "wasm", "tfjs-node", "cpu"]);
    expect(names(orderFor(true, [cpuBackend]))).toEqual(["cpu"]);
  });
});

describe("native packages", () => {
  it("that are not installed are explained", () => {
    const empty = { XDG_DATA_HOME: path.join(import.meta.dirname, "no-such-folder") };
    expect(() => loadNative("gpu", "tfjs-node-gpu", empty)).toThrow(/not installed\..*basin native install --gpu/);
  });
});

describe("probe", () => {
  it("tells device and speed, or the reason, and never throws", async () => {
    expect(await probe("cpu", 1)).toMatchObject({ backend: "cpu", ok: true, threads: 1 });
    expect(await probe("tfjs-node-gpu", 1)).toMatchObject({ ok: false, reason: expect.stringMatching(/.+/) as string });
    expect(await probe("toaster" as "cpu", 1)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/no back end "toaster"/) as string,
    });
  });
});
