/**
 * What a process of the built-in trainer finds in its environment: the same for a training and for a look at a trained model.
 * Invariant: what is missing or malformed is said by the name of its variable.
 */
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { BasinError, errorText } from "../../core/errors.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { TfjsTrainerSpec } from "../../core/study/definition.ts";
import type { LoadedBackend } from "./backends/backend.ts";
import { type Hyperparameters, resolveHyperparameters } from "./hyperparameters.ts";
import { modelKind, type ModelKind } from "./models/create.ts";
import { readTuneOnline } from "./training/onlineEnvironment.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export async function readJson(env: Environment, name: string): Promise<unknown> {
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

export function wholeNumber(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new BasinError("trainer", `${name} must be a whole number, not "${text}".`);
  return value;
}

/** Threads to ask a back end for: the study's wish, else the executor's share for convolutions and 1 for small dense models. */
function threadsFor(spec: TfjsTrainerSpec, env: Environment): number {
  if (spec.threads > 0) return spec.threads;
  const share = Math.min(wholeNumber(env, "BASIN_THREADS", 1), cpus().length || 1);
  return modelKind(spec.model) === "mlp" ? 1 : Math.max(1, share);
}

export interface TrialInput {
  readonly spec: TfjsTrainerSpec;
  readonly params: Params;
  /** Folder of the study file. */
  readonly root: string;
  readonly seed: number;
  readonly splitSeed: number;
  readonly kind: ModelKind;
  readonly hyperparameters: Hyperparameters;
  readonly epochs: number;
  /** Threads to ask a back end for. */
  readonly threads: number;
}

/** @throws BasinError "trainer", and "invalid-params" for parameters that the model does not have */
export async function readTrialInput(env: Environment): Promise<TrialInput> {
  const spec = (await readJson(env, "BASIN_TRAINER_FILE")) as TfjsTrainerSpec;
  const params = (await readJson(env, "BASIN_PARAMS_FILE")) as Params;
  const kind = modelKind(spec.model);
  const hyperparameters = resolveHyperparameters(params, kind, readTuneOnline(env["BASIN_TUNE_ONLINE"]));
  return {
    spec,
    params,
    root: env["BASIN_DATA_ROOT"] ?? process.cwd(),
    seed: wholeNumber(env, "BASIN_SEED", 0),
    splitSeed: wholeNumber(env, "BASIN_SPLIT_SEED", 0),
    kind,
    hyperparameters,
    epochs: hyperparameters.epochs > 0 ? hyperparameters.epochs : spec.epochs,
    threads: threadsFor(spec, env),
  };
}

/** What the umbrella package offers modules: `x.add(y)` beside `tf.add(x, y)`. Native packages bring it along. */
export async function chainOperations(backend: LoadedBackend): Promise<void> {
  if (!backend.name.startsWith("tfjs-node"))
    await import("@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops");
}
