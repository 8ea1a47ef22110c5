import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../../catalog.ts";
import type { Params } from "../../../core/space/parameter.ts";
import type { StudyDefinition, TfjsTrainerSpec } from "../../../core/study/definition.ts";
import { parseStudy } from "../../../core/study/parse.ts";
import type { TrainerEvent } from "../../protocol.ts";
import { freshResources, type Resources } from "../resources.ts";
import type { Session } from "../session.ts";
import { runTrial } from "../trial.ts";
import { checkData } from "./check.ts";

/** A copy of examples/cifar10 with pictures in it. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "basin-cifar10-"));
  cpSync(path.resolve(import.meta.dirname, "../../../../examples/cifar10"), folder, { recursive: true });
  for (const args of [[], ["cifar-10-batches-bin", "1200", "100"]])
    execFileSync(process.execPath, [path.join(folder, "make-small.mjs"), ...args]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function studyOf(name: string): { study: StudyDefinition; trainer: TfjsTrainerSpec } {
  const { issues, study } = parseStudy(readFileSync(path.join(folder, name), "utf8"), "yaml", catalog);
  expect(issues).toEqual([]);
  if (study?.trainer.kind !== "tfjs") throw new Error("This is no study of the built-in trainer.");
  return { study, trainer: study.trainer };
}

/** The smallest network of the space; fixed parameters as they are. */
function smallest({ space }: StudyDefinition): Params {
  return Object.fromEntries(
    space.map((parameter) => [
      parameter.name,
      parameter.type === "constant"
        ? parameter.value
        : parameter.type === "categorical"
          ? parameter.choices[0]!
          : parameter.low,
    ]),
  );
}

interface Ran {
  readonly events: readonly TrainerEvent[];
  readonly log: readonly string[];
}

interface Options {
  /** Of memory, for activations. */
  readonly budget?: number;
  /** Folder of the trial, for going on with one. */
  readonly own?: string;
  readonly untilEpoch?: number;
}

function trialFolder(): string {
  return mkdtempSync(path.join(folder, "trial-"));
}

async function trial(trainer: TfjsTrainerSpec, params: Params, options: Options = {}): Promise<Ran> {
  const { budget, own = trialFolder(), untilEpoch = 0 } = options;
  mkdirSync(path.join(own, "checkpoints"), { recursive: true });
  writeFileSync(path.join(own, "params.json"), JSON.stringify(params));
  writeFileSync(path.join(own, "trainer.json"), JSON.stringify(trainer));
  const events: TrainerEvent[] = [];
  const log: string[] = [];
  const session: Session = {
    send: (event) => events.push(event),
    log: (line) => log.push(line),
    stopping: false,
    takeCheckpointRequest: () => false,
    alive: () => undefined,
    breathe: () => Promise.resolve(),
    flush: () => Promise.resolve(),
  };
  const resources: Resources = {
    ...freshResources,
    async backend(...args) {
      const backend = await freshResources.backend(...args);
      return budget === undefined ? backend : { ...backend, activationBudget: budget };
    },
  };
  const env = {
    BASIN_PARAMS_FILE: path.join(own, "params.json"),
    BASIN_TRAINER_FILE: path.join(own, "trainer.json"),
    BASIN_CHECKPOINT_DIR: path.join(own, "checkpoints"),
    BASIN_DATA_ROOT: folder,
    BASIN_SEED: "3",
    BASIN_UNTIL_STEP: String(untilEpoch),
  };
  expect(await runTrial(env, session, resources), log.join("\n")).toBe(0);
  return { events, log };
}

function done({ events }: Ran): Readonly<Record<string, number>> {
  const last = events.at(-1);
  if (last?.type !== "done") throw new Error(`The last event is ${JSON.stringify(last)}.`);
  return last.metrics ?? {};
}

describe("examples/cifar10", () => {
  it("runs with the paper's presets, batches of 1024 in pieces", async () => {
    expect(statSync(path.join(folder, "cifar-10-batches-bin", "data_batch_1.bin")).size).toBe(1200 * 3073);
    const { study, trainer } = studyOf("cifar10.study.yaml");
    checkData(study, folder);
    expect(trainer.epochs).toBe(100);
    const params = smallest(study);
    expect(params).toMatchObject({
      batchSize: 1024,
      optimizer: "adam",
      learningRate: 0.001,
      weightDecay: 1e-6,
      lrSchedule: "plateau",
      lrDecay: 0.1,
      plateauPatience: 5,
      earlyStoppingPatience: 15,
    });
    const ran = await trial({ ...trainer, backend: "wasm", epochs: 2 }, params, { budget: 64 * 1024 ** 2 });
    expect(ran.log.join("\n")).toMatch(/A batch of 1024 is computed \d+ samples at a time/);
    expect(ran.events.filter(({ type }) => type === "report")).toHaveLength(2);
    const metrics = done(ran);
    for (const name of ["loss", "val_loss", "val_accuracy", "test_loss", "test_accuracy"])
      expect(metrics[name], name).toEqual(expect.any(Number));
    // Ten classes, hardly trained: the loss is that of guessing.
    expect(metrics["loss"]).toBeCloseTo(Math.log(10), 0);
  });

  it("learns on the small pictures", async () => {
    const { study, trainer } = studyOf("small.study.yaml");
    checkData(study, folder);
    const ran = await trial({ ...trainer, backend: "wasm" }, { ...smallest(study), learningRate: 0.005 });
    expect(done(ran)["val_accuracy"]).toBeGreaterThan(0.25);
    expect(done(ran)["test_accuracy"]).toBeGreaterThan(0.25);
  });

  it("draws the same augmentation when it goes on after an interruption", async () => {
    const { trainer } = studyOf("small.study.yaml");
    const data = { ...trainer.data, subset: 60 };
    const spec: TfjsTrainerSpec = { ...trainer, data, model: "mlp", backend: "cpu", epochs: 2 };
    const params = { width: 4, depth: 1, batchSize: 20, learningRate: 0.003 };
    const reports = ({ events }: Ran): TrainerEvent[] => events.filter(({ type }) => type === "report");
    const whole = reports(await trial(spec, params));
    const own = trialFolder();
    const first = reports(await trial(spec, params, { own, untilEpoch: 1 }));
    const second = reports(await trial(spec, params, { own }));
    expect(whole).toHaveLength(2);
    expect([...first, ...second]).toEqual(whole);
    const { augment: _, ...plain } = data;
    expect(reports(await trial({ ...spec, data: plain }, params))).not.toEqual(whole);
  });

  it("makes the same files each time, in CIFAR's format", () => {
    const make = (name: string): Buffer => {
      execFileSync(process.execPath, [path.join(folder, "make-small.mjs"), name, "30", "10"]);
      return readFileSync(path.join(folder, name, "data_batch_1.bin"));
    };
    const bytes = make("first");
    expect(bytes.length).toBe(30 * 3073);
    expect(make("second").equals(bytes)).toBe(true);
    const labels = Array.from({ length: 30 }, (_, i) => bytes[3073 * i]!);
    expect(labels.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => Math.floor(i / 3)));
  });
});
