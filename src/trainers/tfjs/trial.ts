/**
 * One trial of the built-in trainer, from its environment to its last event.
 * Invariant: the last event is `done` or `failed`, unless the engine asked the trial to stop or to pause at a step: then it is
 * the `checkpoint` of that step.
 */
import { errorText } from "../../core/errors.ts";
import type { Diagnostics } from "../../core/study/diagnostics.ts";
import { trainerProtocolVersion } from "../protocol.ts";
import { requireBatch } from "./data/check.ts";
import { createModel } from "./models/create.ts";
import { explainMissingOperation } from "./models/missingOperation.ts";
import { freshResources, type Resources } from "./resources.ts";
import { createTrialDiagnostics } from "./sharpness/trialDiagnostics.ts";
import type { TrainableModel } from "./models/trainable.ts";
import type { Session } from "./session.ts";
import { train, type TrainingOptions } from "./training/loop.ts";
import { readHdCopy } from "./training/onlineEnvironment.ts";
import { seedMathRandom, trainingRandomness } from "./training/randomness.ts";
import { chainOperations, type Environment, readTrialInput, wholeNumber } from "./trialInput.ts";

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

/**
 * Runs the trial; returns the process's exit code. Nothing of it stays in the process, except what a user's module has done.
 * @param resources where data and back end come from
 */
export async function runTrial(
  env: Environment,
  session: Session,
  resources: Resources = freshResources,
): Promise<number> {
  const { spec, params, root, seed, splitSeed, kind, hyperparameters, epochs, threads } = await readTrialInput(env);
  const log = (message: string): void => session.log(message);
  const dataset = await resources.dataset(spec.data, root, splitSeed, log);
  if (hyperparameters.given.has("batchSize")) requireBatch(dataset, hyperparameters.batchSize);
  const backend = await resources.backend(spec.backend, { threads, dense: kind === "mlp" }, log);
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
    if (kind === "module") await chainOperations(backend);
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
              splitSeed,
              batchSize: Math.min(hyperparameters.batchSize, dataset.train.rows),
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
