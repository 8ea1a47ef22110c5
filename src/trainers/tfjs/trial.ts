/**
 * One trial of the built-in trainer, from its environment to its last event.
 * Invariant: the last event is `done` or `failed`, unless the engine asked the trial to stop or to pause at a step: then it is
 * the `checkpoint` of that step.
 */
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { BasinError, errorText } from "../../core/errors.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { TfjsTrainerSpec } from "../../core/study/definition.ts";
import type { Diagnostics } from "../../core/study/diagnostics.ts";
import { trainerProtocolVersion } from "../protocol.ts";
import { requireBatch } from "./data/check.ts";
import { resolveHyperparameters } from "./hyperparameters.ts";
import { createModel, modelKind } from "./models/create.ts";
import { explainMissingOperation } from "./models/missingOperation.ts";
import { freshResources, type Resources } from "./resources.ts";
import { createTrialDiagnostics } from "./sharpness/trialDiagnostics.ts";
import type { TrainableModel } from "./models/trainable.ts";
import type { Session } from "./session.ts";
import { train, type TrainingOptions } from "./training/loop.ts";
import { readHdCopy, readTuneOnline } from "./training/onlineEnvironment.ts";
import { seedMathRandom, trainingRandomness } from "./training/randomness.ts";

type Environment = Readonly<Record<string, string | undefined>>;

async function readJson(env: Environment, name: string): Promise<unknown> {
  const file = env[name];
  if (file === undefined || file === "")
    throw new BasinError(
      "trainer",
      `${name} is not set.`,
      "Basin's executor starts this program; it is not meant to be run by hand.",
    );
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new BasinError("trainer", `${name} (${file}) cannot be read: ${errorText(error)}.`, "", { cause: error });
  }
}

function wholeNumber(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new BasinError("trainer", `${name} must be a whole number, not "${text}".`);
  return value;
}

/** What the study measures of every trial; nothing where the variable does not hold it. */
function diagnosticsAsked(env: Environment, log: (message: string) => void): Diagnostics | undefined {
  const text = env["BASIN_DIAGNOSTICS"];
  if (text === undefined || text === "") return undefined;
  try {
    return JSON.parse(text) as Diagnostics;
  } catch (error) {
    log(`BASIN_DIAGNOSTICS cannot be read, so nothing is measured beside the metrics: ${errorText(error)}`);
    return undefined;
  }
}

/** Threads to ask a back end for: the study's wish, else the executor's share for convolutions and 1 for small dense models. */
function threadsFor(spec: TfjsTrainerSpec, env: Environment): number {
  if (spec.threads > 0) return spec.threads;
  const share = Math.min(wholeNumber(env, "BASIN_THREADS", 1), cpus().length || 1);
  return modelKind(spec.model) === "mlp" ? 1 : Math.max(1, share);
}

/**
 * Runs the trial; returns the process's exit code. Nothing of it stays in the process, except what a user's module has done.
 * @param resources where data and back end come from
 */
export async function runTrial(
  env: Environment,
  session: Session,
  resources: Resources = freshResources,
): Promise<number> {
  const spec = (await readJson(env, "BASIN_TRAINER_FILE")) as TfjsTrainerSpec;
  const params = (await readJson(env, "BASIN_PARAMS_FILE")) as Params;
  const root = env["BASIN_DATA_ROOT"] ?? process.cwd();
  const seed = wholeNumber(env, "BASIN_SEED", 0);
  const kind = modelKind(spec.model);
  const hyperparameters = resolveHyperparameters(params, kind, readTuneOnline(env["BASIN_TUNE_ONLINE"]));
  const epochs = hyperparameters.epochs > 0 ? hyperparameters.epochs : spec.epochs;

  const log = (message: string): void => session.log(message);
  const dataset = await resources.dataset(spec.data, root, wholeNumber(env, "BASIN_SPLIT_SEED", 0), log);
  if (hyperparameters.given.has("batchSize")) requireBatch(dataset, hyperparameters.batchSize);
  const backend = await resources.backend(spec.backend, { threads: threadsFor(spec, env), dense: kind === "mlp" }, log);
  session.send({
    type: "started",
    protocol: trainerProtocolVersion,
    backend: backend.name,
    device: backend.device,
    threads: backend.threads,
    steps: epochs,
  });

  const random = trainingRandomness(seed);
  random.setStep(0);
  const restore = seedMathRandom(random);
  let trainable: TrainableModel | undefined;
  try {
    // What the umbrella package offers: `x.add(y)` beside `tf.add(x, y)`. Native packages bring it along.
    if (kind === "module" && !backend.name.startsWith("tfjs-node")) {
      await import("@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops");
    }
    trainable = await createModel(backend.tf, {
      model: spec.model,
      root,
      params,
      hyperparameters,
      dataset,
      random,
      epochs,
      seed,
    });
    const untilEpoch = wholeNumber(env, "BASIN_UNTIL_STEP", 0);
    const checkpointFolder = env["BASIN_CHECKPOINT_DIR"];
    const differentiated = env["BASIN_GRADIENT_OF"];
    const asked = diagnosticsAsked(env, log);
    const trialFolder = env["BASIN_TRIAL_FOLDER"];
    const options: TrainingOptions = {
      backend,
      trainable,
      dataset,
      hyperparameters,
      random,
      epochs,
      ...(untilEpoch > 0 ? { untilEpoch } : {}),
      hdCopy: readHdCopy(env["BASIN_HD_COPY"]),
      ...(checkpointFolder === undefined || checkpointFolder === "" ? {} : { checkpointFolder }),
      ...(asked === undefined
        ? {}
        : {
            diagnostics: createTrialDiagnostics({
              asked,
              backend,
              trainable,
              dataset,
              splitSeed: wholeNumber(env, "BASIN_SPLIT_SEED", 0),
              send: (event) => session.send(event),
              log,
              ...(trialFolder === undefined || trialFolder === "" ? {} : { folder: trialFolder }),
            }),
          }),
      ...(differentiated === undefined || differentiated === ""
        ? {}
        : { hypergradients: { metric: differentiated, iteration: wholeNumber(env, "BASIN_TRIAL", 0) } }),
    };
    const end = await train(options, {
      report: (step, metrics, repeated) =>
        session.send({ type: "report", step, metrics, ...(repeated === true ? { repeated } : {}) }),
      alive: (fraction) => session.alive(fraction),
      checkpoint: (step, path) => session.send({ type: "checkpoint", step, path }),
      log: (message) => session.log(message),
      get stopping() {
        return session.stopping;
      },
      takeCheckpointRequest: () => session.takeCheckpointRequest(),
      breathe: () => session.breathe(),
    });
    if (end.kind === "done") session.send({ type: "done", metrics: end.metrics });
    else if (end.kind === "diverged") session.send({ type: "failed", reason: end.message });
    else session.log(`${end.kind === "paused" ? "Paused" : "Stopped"} after epoch ${end.epoch}, as asked.`);
    return end.kind === "diverged" ? 1 : 0;
  } catch (error) {
    throw explainMissingOperation(error, backend.name);
  } finally {
    restore();
    // A process of its own ends now; one that serves further trials must not keep the weights.
    if (trainable !== undefined && kind !== "module") trainable.model.dispose();
    if (kind !== "module") backend.tf.disposeVariables();
  }
}
