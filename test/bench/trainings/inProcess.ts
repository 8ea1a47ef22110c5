/**
 * Trainings for benchmarks: the built-in trainer's own trials, run in this process one after the other, with everything that
 * they would have sent to an engine kept. Data and back end are loaded once.
 * Invariant: a training is a function of the task, the parameters and the seed; nothing of one is left for the next but data
 * and back end.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Params } from "../../../src/core/space/parameter.ts";
import type { TfjsTrainerSpec } from "../../../src/core/study/definition.ts";
import { type TrainerEvent, trainerProtocolVersion } from "../../../src/trainers/protocol.ts";
import { keptResources } from "../../../src/trainers/tfjs/resources.ts";
import type { Session } from "../../../src/trainers/tfjs/session.ts";
import { runTrial } from "../../../src/trainers/tfjs/trial.ts";

/** What one training has said. */
export interface Training {
  readonly events: readonly TrainerEvent[];
  /** Metrics after each epoch, as reported. */
  readonly epochs: readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];
  /** Final metrics, the test part's among them; undefined when it was paused at `untilStep` or has failed. */
  readonly final: Readonly<Record<string, number>> | undefined;
  /** Why it failed; undefined when it did not. */
  readonly failure: string | undefined;
  readonly cpuSeconds: number;
}

export interface TrainingRequest {
  readonly params: Params;
  readonly seed: number;
  /** Stop after this epoch; undefined = train to the end. */
  readonly untilStep?: number;
  /** Where checkpoints are written and looked for; undefined = none. */
  readonly checkpointFolder?: string;
  /** Further variables of the environment, as the executor would set them. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Trainings {
  train(request: TrainingRequest): Promise<Training>;
  dispose(): void;
}

/**
 * @param spec as in a study's definition; its files are relative to `root`
 * @param splitSeed of the split into training, validation and test part
 */
export function openTrainings(spec: TfjsTrainerSpec, root: string, splitSeed: number): Trainings {
  const folder = mkdtempSync(path.join(os.tmpdir(), "basin-trainings-"));
  const resources = keptResources();
  const specFile = path.join(folder, "trainer.json");
  const paramsFile = path.join(folder, "params.json");
  writeFileSync(specFile, JSON.stringify(spec));
  return {
    async train({ params, seed, untilStep, checkpointFolder, env = {} }) {
      writeFileSync(paramsFile, JSON.stringify(params));
      const events: TrainerEvent[] = [];
      const session: Session = {
        send: (event) => void events.push(event),
        log: () => undefined,
        alive: () => undefined,
        stopping: false,
        takeCheckpointRequest: () => false,
        breathe: () => Promise.resolve(),
        flush: () => Promise.resolve(),
      };
      const begun = process.cpuUsage();
      let failure: string | undefined;
      try {
        await runTrial(
          {
            BASIN_PROTOCOL: String(trainerProtocolVersion),
            BASIN_TRAINER_FILE: specFile,
            BASIN_PARAMS_FILE: paramsFile,
            BASIN_DATA_ROOT: root,
            BASIN_SEED: String(seed),
            BASIN_SPLIT_SEED: String(splitSeed),
            BASIN_THREADS: "1",
            BASIN_TRIAL_FOLDER: folder,
            ...(untilStep === undefined ? {} : { BASIN_UNTIL_STEP: String(untilStep) }),
            ...(checkpointFolder === undefined ? {} : { BASIN_CHECKPOINT_DIR: checkpointFolder }),
            ...env,
          },
          session,
          resources,
        );
      } catch (error) {
        failure = String(error);
      }
      const { user, system } = process.cpuUsage(begun);
      const failed = events.find((event) => event.type === "failed");
      return {
        events,
        epochs: events.filter((event) => event.type === "report").map(({ step, metrics }) => ({ step, metrics })),
        final: events.find((event) => event.type === "done")?.metrics,
        failure: failure ?? failed?.reason,
        cpuSeconds: (user + system) / 1e6,
      };
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
