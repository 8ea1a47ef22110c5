import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeAll, expect, it, afterAll } from "vitest";
import { createLocalExecutor } from "../executors/local/localExecutor.ts";
import { bundleTrainer, type TrainerBundle } from "../trainers/tfjs/testing/trainerBundle.ts";
import { startEngine, type RunningEngine } from "./engine.ts";
import { silentLog } from "./log.ts";
import { until } from "./testing/engineFixture.ts";

const example = path.resolve(import.meta.dirname, "../../examples/digits");

let bundle: TrainerBundle;
let workspace: string;
let engine: RunningEngine | undefined;
beforeAll(async () => {
  bundle = await bundleTrainer("online-test");
});
afterEach(async () => {
  await engine?.close("test");
  rmSync(workspace, { recursive: true, force: true });
});
afterAll(() => bundle.remove());

it("the example whose trials tune their rates runs, and the rates' curves are the adapted ones", async () => {
  workspace = mkdtempSync(path.join(os.tmpdir(), "basin-online-"));
  cpSync(path.join(example, "digits.csv"), path.join(workspace, "digits.csv"));
  const executor = createLocalExecutor({
    distFolder: bundle.folder,
    nodePath: process.execPath,
    gpus: [],
    log: () => undefined,
  });
  const running = await startEngine({ workspace, foreground: true, executor, log: silentLog });
  engine = running;
  const text = readFileSync(path.join(example, "online.study.yaml"), "utf8").replace("trials: 6", "trials: 2");
  const file = path.join(workspace, "online.study.yaml");
  const { studyId } = await running.request("study.start", { path: file, text, mode: "continue" });
  const study = await until(async () => {
    const now = await running.request("study.get", { studyId });
    return now.state === "running" ? undefined : now;
  }, "the study's end");
  expect(study.counts).toMatchObject({ complete: 2, failed: 0 });
  for (const number of [0, 1]) {
    const { params, curves } = await running.request("trial.get", { studyId, number });
    expect(params).toMatchObject({ optimizer: "sgd", learningRate: 0.01, momentum: 0.9 });
    const curve = (name: string): readonly number[] => curves.find(({ metric }) => metric === name)!.values;
    const [rates, momenta] = [curve("learning_rate"), curve("momentum")];
    expect([rates.length, momenta.length]).toEqual([10, 10]);
    expect(new Set(rates).size).toBe(10);
    expect(new Set(momenta).size).toBeGreaterThan(1);
    for (const rate of rates) expect(rate >= 1e-6 && rate <= 1 && rate !== 0.01).toBe(true);
    for (const momentum of momenta) expect(momentum >= 0 && momentum <= 0.99).toBe(true);
  }
});
