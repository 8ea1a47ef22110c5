/** Populations through the engine and the built-in trainer: whose learning rate and momentum a copy goes on with. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLocalExecutor } from "../executors/local/localExecutor.ts";
import { bundleTrainer, type TrainerBundle } from "../trainers/tfjs/testing/trainerBundle.ts";
import { startEngine, type RunningEngine } from "./engine.ts";
import { silentLog } from "./log.ts";
import { until } from "./testing/engineFixture.ts";

let bundle: TrainerBundle;
let workspace: string;
let engine: RunningEngine;
beforeAll(async () => {
  bundle = await bundleTrainer("population-test");
  workspace = mkdtempSync(path.join(os.tmpdir(), "basin-population-"));
  const data = path.resolve(import.meta.dirname, "../../examples/digits/digits.csv");
  cpSync(data, path.join(workspace, "digits.csv"));
  const executor = createLocalExecutor({
    distFolder: bundle.folder,
    nodePath: process.execPath,
    gpus: [],
    log: () => undefined,
  });
  engine = await startEngine({ workspace, foreground: true, executor, log: silentLog });
});
afterAll(async () => {
  await engine.close("test");
  rmSync(workspace, { recursive: true, force: true });
  await bundle.remove();
});

const start = { learningRate: 0.01, momentum: 0.8 };

/** One step an epoch, in which a learning rate changes by at most a twentieth. */
const text = (hdCopy: string): string => `study: population-${hdCopy}
objective: { metric: val_loss, direction: minimize }
trainer:
  kind: tfjs
  model: mlp
  data: { csv: ./digits.csv, label: target, validation: 0.2, test: 0.2, standardize: true }
  epochs: 24
space:
  width: { type: constant, value: 16 }
  batchSize: { type: constant, value: 1078 }
  dropout: { type: float, low: 0, high: 0.2 }
  optimizer: { type: constant, value: sgd }
tuneOnline:
  parameters: [learningRate, momentum]
  start: { learningRate: ${start.learningRate}, momentum: ${start.momentum} }
scheduler: { kind: pbt, population: 4, interval: 8, quantile: 0.25, hdCopy: ${hdCopy} }
budget: { trials: 4, parallel: 1 }
seed: 4
`;

interface Rates {
  readonly learningRate: number;
  readonly momentum: number;
}

/** What one step may make of a rate. */
const near = (now: number, before: number): boolean => Math.abs(now / before - 1) < 0.06;
const changedByAFifth = (now: number, before: number): boolean => near(now, 0.8 * before) || near(now, 1.2 * before);

it.each<[string, (now: Rates, rates: { readonly theirs: Rates; readonly replaced: Rates }) => void]>([
  ["copy", (now, { theirs }) => expect(near(now.learningRate, theirs.learningRate)).toBe(true)],
  ["perturb", (now, { theirs }) => expect(changedByAFifth(now.learningRate, theirs.learningRate)).toBe(true)],
  ["reset", (now) => expect(near(now.learningRate, start.learningRate)).toBe(true)],
  ["keep", (now, { replaced }) => expect(near(now.learningRate, replaced.learningRate)).toBe(true)],
])(
  "a copy's rates under hdCopy: %s",
  async (hdCopy, check) => {
    const file = path.join(workspace, `${hdCopy}.study.yaml`);
    const { studyId } = await engine.request("study.start", { path: file, text: text(hdCopy), mode: "fresh" });
    const study = await until(async () => {
      const now = await engine.request("study.get", { studyId });
      return now.state === "running" ? undefined : now;
    }, "the study's end");
    expect(study, study.reason).toMatchObject({ counts: { complete: 4, failed: 0 } });
    const { lineage, decisions } = await engine.request("study.schedule", { studyId });
    const exploits = decisions.filter(({ decision }) => decision === "exploit");
    expect(exploits.length).toBeGreaterThan(0);
    expect(lineage).toHaveLength(exploits.length);
    const ratesOf = async (number: number, step: number): Promise<Rates> => {
      const { curves } = await engine.request("trial.get", { studyId, number });
      const at = (metric: string): number => {
        const curve = curves.find((one) => one.metric === metric)!;
        return curve.values[curve.steps.indexOf(step)]!;
      };
      return { learningRate: at("learning_rate"), momentum: at("momentum") };
    };
    let telling = 0;
    for (const [i, { number, parent, step }] of lineage.entries()) {
      const now = await ratesOf(number, step + 1);
      const theirs = await ratesOf(parent, step);
      const replaced = await ratesOf(exploits[i]!.number, exploits[i]!.step);
      // A copy of a copy may have come back to where it began: it tells nothing of the policy.
      if (!near(theirs.learningRate, start.learningRate)) telling += 1;
      check(now, { theirs, replaced });
      const { params } = await engine.request("trial.get", { studyId, number });
      expect(params).toMatchObject(hdCopy === "keep" ? replaced : start);
    }
    expect(telling).toBeGreaterThan(0);
  },
  60_000,
);
