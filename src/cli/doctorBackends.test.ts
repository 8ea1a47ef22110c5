import { describe, expect, it } from "vitest";
import type { Measured } from "../trainers/tfjs/yardstickAnswer.ts";
import { backendFinding, type BackendReport } from "./doctorBackends.ts";
import { sourceOf } from "./native.ts";

const measured = (changes: Partial<Measured> = {}): Measured => ({
  yardstick: "cnn",
  threads: 2,
  stepMs: 175,
  cpuMs: 340,
  gigaflops: 108,
  samples: 128,
  steps: 17,
  ...changes,
});
const report = (changes: Partial<BackendReport> = {}): BackendReport => ({
  backend: "tfjs-node",
  works: true,
  device: "CPU, libtensorflow 2.21.0",
  reason: "",
  mlp: null,
  cnn: null,
  ...changes,
});

describe("what the doctor says of a back end", () => {
  it("is device, times and rate, and honest about what was not measured whole", () => {
    const mlp = measured({ yardstick: "mlp", threads: 1, stepMs: 5.1 });
    expect(backendFinding(report({ mlp, cnn: measured() })).detail).toBe(
      "CPU, libtensorflow 2.21.0; MLP 5.1 ms (1 thread) a step; CNN 175 ms (2 threads) a step, 108 GFLOP/s",
    );
    const cnn = measured({ threads: 1, stepMs: 62_000, gigaflops: 0.31, samples: 2 });
    expect(backendFinding(report({ cnn })).detail).toContain(
      "CNN about 62.0 s (1 thread, from a batch of 2) a step, 0.31 GFLOP/s",
    );
    expect(backendFinding(report({ reason: "no end after 120 s" })).detail).toContain(
      "not measured in full: no end after 120 s",
    );
  });

  it("is the reason, with what to do apart from it", () => {
    const finding = backendFinding(
      report({ works: false, device: "", reason: 'It is not installed. Install it with "basin native install".' }),
    );
    expect(finding).toMatchObject({
      ok: false,
      needed: false,
      detail: "It is not installed.",
      hint: 'Install it with "basin native install".',
    });
    expect(
      backendFinding(report({ backend: "wasm", works: false, reason: "The process that tried it ended: SIGILL." })),
    ).toMatchObject({
      needed: true,
      detail: "The process that tried it ended: SIGILL.",
      hint: expect.stringContaining("Reinstall Basin") as string,
    });
  });
});

describe("the options of basin native install", () => {
  it("name one source at most, and one that exists", () => {
    expect(sourceOf({})).toEqual({ kind: "auto" });
    expect(sourceOf({ official: true })).toEqual({ kind: "official" });
    expect(sourceOf({ fromPypi: true })).toEqual({ kind: "pip" });
    expect(sourceOf({ gpu: true, python: "p" })).toEqual({ kind: "python", program: "p" });
    expect(sourceOf({ fromWheel: import.meta.filename })).toEqual({ kind: "wheel", file: import.meta.filename });
    expect(() => sourceOf({ fromWheel: "no-such.whl" })).toThrow(/There is no file no-such\.whl/);
    expect(() => sourceOf({ official: true, python: "p" })).toThrow(/exclude each other/);
    expect(() => sourceOf({ gpu: true, fromPypi: true })).toThrow(/from a Python only/);
  });
});
