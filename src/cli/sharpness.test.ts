import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlatnessResult } from "../core/flatness.ts";
import { estimatorIds } from "../core/study/diagnostics.ts";
import { bundleTrainer, type TrainerBundle } from "../trainers/tfjs/testing/trainerBundle.ts";
import { questionOf, resultLines } from "./sharpness.ts";
import { type CliBench, createCliBench } from "./testing.ts";

describe("the question", () => {
  it("is what the options say", () => {
    expect(questionOf({})).toEqual({ kind: "sharpness" });
    expect(questionOf({ estimators: ["rms,keskar", "sam"], samples: 64, batch: 8 })).toEqual({
      kind: "sharpness",
      estimators: ["rms", "keskar", "sam"],
      samples: 64,
      batch: 8,
    });
    expect(questionOf({ estimators: ["all"] })).toEqual({ kind: "sharpness", estimators: estimatorIds });
    expect(questionOf({ landscape: "plane", points: 9 })).toEqual({ kind: "plane", points: 9 });
    expect(questionOf({ landscape: "path", to: 3 })).toEqual({ kind: "path", to: 3 });
    expect(() => questionOf({ estimators: ["keskr"] })).toThrow(/Did you mean `keskar`/);
    expect(() => questionOf({ landscape: "path" })).toThrow(/other end/);
    expect(() => questionOf({ landscape: "line", estimators: ["rms"] })).toThrow(/no estimators/);
  });
});

describe("the answer", () => {
  const common = { epoch: 9, finished: true, samples: 64, indexHash: "a", backend: "cpu", seconds: 1.25 };
  const lines = (result: FlatnessResult): string[] => resultLines("toy", 4, result);

  it("is a line a value, failures among them", () => {
    const values = { rms: 0.5, "gradient-norm": Number.NaN };
    expect(lines({ kind: "sharpness", values, failures: { keskar: "It was too steep." }, ...common })).toEqual([
      "toy, trial 4: final weights, epoch 9, 64 training samples (cpu, 1.3 s)",
      "  rms            0.5  RMS ratio",
      "  gradient-norm  –",
      "  keskar         –    It was too steep.",
    ]);
  });

  it("of a picture is what it spans", () => {
    const positions = [-1, 0, 1];
    expect(lines({ kind: "line", positions, losses: [3, 0.5, Number.NaN], ...common, finished: false })).toEqual([
      "toy, trial 4: checkpoint, epoch 9, 64 training samples (cpu, 1.3 s)",
      "  points              3 from -1 to 1",
      "  loss in the middle  0.5",
      "  smallest loss       0.5",
      "  largest loss        3",
    ]);
    expect(
      lines({ kind: "path", positions, losses: [1, 4, 2], barrier: 2.5, barrierAt: 0.5, ...common }).at(-1),
    ).toContain("2.5 at 0.5 of the way");
  });
});

describe("basin sharpness", { timeout: 120_000 }, () => {
  let bench: CliBench;
  let trainer: TrainerBundle;
  let folder: string;
  beforeAll(async () => {
    bench = await createCliBench();
    trainer = await bundleTrainer("cli-sharpness");
    cpSync(trainer.file, path.join(bench.dist, "trainer.cjs"));
    folder = bench.workspace();
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 3},${(i * 7) % 5},${(i * 3) % 4},c${i % 3}`);
    writeFileSync(path.join(folder, "data.csv"), `a,b,c,y\n${rows.join("\n")}\n`);
    const text = `study: sharp
objective: { metric: val_loss, direction: minimize }
trainer: { kind: tfjs, model: mlp, backend: cpu, epochs: 3, data: { csv: ./data.csv, label: y } }
space:
  learningRate: { type: float, low: 0.001, high: 0.1, log: true }
  width: { type: constant, value: 6 }
diagnostics: { sharpness: { estimators: [exact-frobenius, keskar], samples: 30, batch: 8 } }
sampler: random
budget: { trials: 2 }
`;
    writeFileSync(path.join(folder, "sharp.study.yaml"), text);
    const { code, stderr } = await bench.run(folder, ["run", "sharp.study.yaml"]);
    expect([code, stderr]).toEqual([0, ""]);
  }, 120_000);
  afterAll(async () => {
    await bench.dispose();
    await trainer.remove();
  });

  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, stderr, stdout } = await bench.run(folder, ["sharpness", "sharp", ...args, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  it("says again what the trial measured, and shows it without computing when it is there", async () => {
    const args = ["1", "--estimators", "exact-frobenius,keskar", "--samples", "30", "--batch", "8"];
    const found = await json(...args);
    const shown = await bench.run(folder, ["show", "sharp", "1", "--json"]);
    const { metrics } = JSON.parse(shown.stdout) as { metrics: Record<string, number> };
    expect(found).toMatchObject({
      study: "sharp",
      trial: 1,
      kind: "sharpness",
      failures: {},
      values: {
        "exact-frobenius": metrics["sharpness.exact-frobenius"],
        keskar: metrics["sharpness.keskar"],
        "gradient-norm": metrics["sharpness.gradient-norm"],
      },
    });
    // `seconds` would differ if it had been computed again.
    expect(await json(...args)).toEqual(found);
    const text = await bench.run(folder, ["sharpness", "sharp", ...args]);
    expect(text.stdout).toMatch(/^sharp, trial 1: final weights, epoch 3, 30 training samples \(cpu, .* s\)\n/);
    expect(text.stdout).toContain("Keskar sharpness");
  });

  it("draws landscapes", async () => {
    const path = await json("0", "--landscape", "path", "--to", "1", "--points", "5");
    expect(path["losses"]).toHaveLength(5);
    const plane = await bench.run(folder, ["sharpness", "sharp", "0", "--landscape", "plane", "--points", "5"]);
    expect(plane.stdout).toContain("5 x 5 from -1 to 1");
  });

  it("refuses in words what cannot be", async () => {
    const wrong = await bench.run(folder, ["sharpness", "sharp", "9"]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("has no trial 9") as string]);
    const other = await bench.run(folder, ["sharpness", "nothing", "0"]);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('No study "nothing"') as string]);
  });

  it("ends the computation with Ctrl-C", async () => {
    const cli = bench.start(folder, ["sharpness", "sharp", "0", "--landscape", "plane", "--points", "200"]);
    const list = path.join(folder, ".basin", "studies", "1", "trials", "0", "flatness");
    await expect.poll(() => orders(list), { timeout: 20_000 }).toBe(1);
    cli.child.kill("SIGINT");
    expect((await cli.finished).code).toBe(130);
    expect(orders(list)).toBe(0);
  });

  it.runIf(process.platform === "linux")(
    "leaves no process when it is killed, and goes on as if nothing had been",
    async () => {
      const cli = bench.start(folder, ["sharpness", "sharp", "1", "--landscape", "plane", "--points", "200"]);
      await expect.poll(() => computing(bench.dist), { timeout: 20_000 }).toBe(1);
      cli.child.kill("SIGKILL");
      await cli.finished;
      await expect.poll(() => computing(bench.dist), { timeout: 20_000 }).toBe(0);
      const list = path.join(folder, ".basin", "studies", "1", "trials", "1", "flatness");
      expect(orders(list)).toBe(1);
      expect((await json("1", "--landscape", "line", "--points", "3"))["losses"]).toHaveLength(3);
      expect(orders(list)).toBe(0);
    },
  );
});

/** Processes that compute with the bench's trainer, as Linux tells them. */
function computing(dist: string): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return command.includes(path.join(dist, "trainer.cjs")) && command.includes("--diagnose");
    } catch {
      return false;
    }
  }).length;
}

/** Computations under way, by the folders of their orders. */
function orders(folder: string): number {
  try {
    return readdirSync(folder).filter((name) => name.startsWith("order-")).length;
  } catch {
    return 0;
  }
}
