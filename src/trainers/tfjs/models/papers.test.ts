import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../../catalog.ts";
import { rngForKey } from "../../../core/rng.ts";
import { uniformParams } from "../../../core/space/configuration.ts";
import { isActive, type Params, type ParamValue, type Parameter, type Space } from "../../../core/space/parameter.ts";
import { feasibilityOf } from "../../../core/study/constraints.ts";
import type { StudyDefinition, TfjsTrainerSpec } from "../../../core/study/definition.ts";
import { parseStudy } from "../../../core/study/parse.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import type { Tensor } from "../tf.ts";
import { trainingRandomness } from "../training/randomness.ts";
import { buildModel } from "./build.ts";
import { parameterCount, type ModelDescription } from "./description.ts";
import { describeMlp } from "./mlp.ts";
import { trainableCount } from "./trainable.ts";
import { describeVgg } from "./vgg.ts";

const folder = path.resolve(import.meta.dirname, "../../../../examples/papers");
const files = readdirSync(folder).filter((name) => name.endsWith(".study.yaml"));

/** Shape of a sample and number of classes, by the key that names the data. */
const samples: Readonly<Record<string, readonly [readonly number[], number]>> = {
  cifar10: [[32, 32, 3], 10],
  cifar100: [[32, 32, 3], 100],
  mnist: [[28, 28, 1], 10],
  svhn: [[32, 32, 3], 10],
  csv: [[64], 10],
};

const read = (file: string) => parseStudy(readFileSync(path.join(folder, file), "utf8"), "yaml", catalog);

function studyOf(file: string): StudyDefinition & { readonly trainer: TfjsTrainerSpec } {
  const { study } = read(file);
  if (study === undefined || study.trainer.kind !== "tfjs") throw new Error(`${file} is no study of the trainer`);
  return { ...study, trainer: study.trainer };
}

const endsOf = (parameter: Parameter): readonly ParamValue[] => {
  if (parameter.type === "constant") return [parameter.value];
  if (parameter.type === "categorical") return [...new Set([parameter.choices[0]!, parameter.choices.at(-1)!])];
  return [parameter.low, parameter.high];
};

/** Every combination of the smallest and largest values. */
function corners(space: Space): Params[] {
  let found: Params[] = [{}];
  for (const parameter of space)
    found = found.flatMap((params) =>
      isActive(parameter, params)
        ? endsOf(parameter).map((value) => ({ ...params, [parameter.name]: value }))
        : [params],
    );
  return found;
}

function describeFor(study: ReturnType<typeof studyOf>, params: Params): ModelDescription {
  const { data, model } = study.trainer;
  const [shape, classes] = samples[Object.keys(samples).find((key) => key in data)!]!;
  const kind = model === "mlp" ? "mlp" : "vgg";
  const h = resolveHyperparameters(params, kind);
  return kind === "mlp" ? describeMlp(h, shape, classes) : describeVgg(h, shape, classes);
}

let backend: LoadedBackend;
beforeAll(async () => {
  backend = await cpuBackend.load({ threads: 1 });
});

it("finds the papers' studies", () => expect(files.length).toBeGreaterThanOrEqual(6));

describe.each(files)("%s", (file) => {
  it("is a study without issues", () => {
    const { study, issues } = read(file);
    expect(issues).toEqual([]);
    expect(study).toBeDefined();
  });

  it("has constraints that keep out exactly what cannot be built, in every corner and inside", () => {
    const study = studyOf(file);
    const allowed = feasibilityOf(study);
    const rng = rngForKey(`papers:${file}`);
    const inside = Array.from({ length: 300 }, () => uniformParams(study.space, rng));
    for (const params of [...corners(study.space), ...inside]) {
      let problem = "";
      try {
        describeFor(study, params);
      } catch (error) {
        problem = String(error);
      }
      if (allowed(params)) expect(problem, JSON.stringify(params)).toBe("");
      else expect(problem, JSON.stringify(params)).toMatch(/Images of \d+ x \d+ are too small for \d blocks?/);
    }
  });

  it("builds at its smallest, with as many weights as the description says", () => {
    const study = studyOf(file);
    const allowed = feasibilityOf(study);
    const described = corners(study.space)
      .filter(allowed)
      .map((params) => describeFor(study, params))
      .map((description) => ({ description, count: parameterCount(description) }))
      .sort((a, b) => a.count - b.count);
    const { tf } = backend;
    // Beside the smallest one, the largest that a unit test can afford.
    const affordable = described.findLast(({ count }) => count < 200_000);
    for (const { count, description } of new Set([described[0]!, affordable ?? described[0]!])) {
      const model = buildModel(tf, description, trainingRandomness(1));
      expect(trainableCount(model)).toBe(count);
      const output = tf.tidy(() => (model.predict(tf.ones([1, ...description.inputShape])) as Tensor).dataSync());
      expect(output.every((value) => Number.isFinite(value))).toBe(true);
      model.dispose();
    }
  });
});
