/**
 * From a trial to what is spawned: program, arguments, folder, environment, and the files the trainer reads.
 * Invariant: no parameter reaches a shell: arguments go as an array, and with `shell: true` the command is the study's text
 * unchanged.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, type Stats, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { BasinError } from "../../core/errors.ts";
import type { CommandTrainerSpec, TfjsTrainerSpec } from "../../core/study/definition.ts";
import { fillArguments } from "../../trainers/command/argumentTemplate.ts";
import { resolveProgram } from "../../trainers/command/program.ts";
import { trialEnvironment, type TrialEnvironment } from "../../trainers/environment.ts";
import type { DiagnoseJob, TrialJob } from "../executor.ts";
import { markerOf, markerSeparator, sharesProcess } from "../marker.ts";
import type { NodeChoice } from "./nodePath.ts";

export interface LaunchPlan {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly shell: boolean;
  readonly marker: string;
  /** Lines for the head of the log. */
  readonly notes: readonly string[];
}

/** A process that may serve several trials, and what it is told of this one. */
export interface SharedPlan extends LaunchPlan {
  /** A waiting process takes the trial when its key is the same. */
  readonly key: string;
  /** Whose process it is. */
  readonly slot: string;
  /** Trial and attempt, for the name of its turn. */
  readonly name: string;
  readonly turnEnv: Readonly<Record<string, string>>;
}

export interface LaunchContext {
  readonly distFolder: string;
  readonly node: () => NodeChoice;
  readonly threads: number;
  /** Result of the GPU pool. */
  readonly visibleGpus: string | undefined;
  /** `inheritedEnvironment(process.env)`. */
  readonly baseEnv: Readonly<Record<string, string>>;
}

/** What a job's trainer finds in its folder, which is made ready, and in its environment. */
export function prepareTrial(
  job: TrialJob,
  machine: Pick<TrialEnvironment, "marker" | "threads" | "visibleGpus">,
): TrialEnvironment {
  const checkpointFolder = path.join(job.trialFolder, "checkpoints");
  mkdirSync(checkpointFolder, { recursive: true });
  const { hdCopy } = job.study.scheduler.options;
  const paramsFile = path.join(job.trialFolder, "params.json");
  writeFileAtomic(paramsFile, `${JSON.stringify(job.params, undefined, 2)}\n`);
  return {
    ...machine,
    studyName: job.study.name,
    studyFolder: job.studyFolder,
    number: job.number,
    attempt: job.attempt,
    seed: job.seed,
    splitSeed: job.study.seed,
    params: job.params,
    paramsFile,
    trialFolder: job.trialFolder,
    checkpointFolder,
    ...(job.cacheFolder === undefined ? {} : { cacheFolder: job.cacheFolder }),
    ...(job.untilStep === undefined ? {} : { untilStep: job.untilStep }),
    ...(job.study.tuneOnline === undefined ? {} : { tuneOnline: job.study.tuneOnline }),
    ...(typeof hdCopy === "string" ? { hdCopy } : {}),
    ...(job.gradientOf === undefined ? {} : { gradientOf: job.gradientOf }),
    ...(job.study.diagnostics === undefined ? {} : { diagnostics: job.study.diagnostics }),
  };
}

/** Writes the built-in trainer's own file. */
export function writeTrainerFile(job: Pick<TrialJob, "trialFolder">, trainer: TfjsTrainerSpec): string {
  const trainerFile = path.join(job.trialFolder, "trainer.json");
  writeFileAtomic(trainerFile, `${JSON.stringify(trainer, undefined, 2)}\n`);
  return trainerFile;
}

/**
 * Writes the trial's files and says what to spawn.
 * @throws BasinError "trainer" with a hint when it cannot be started at all
 */
export function planLaunch(job: TrialJob, context: LaunchContext): LaunchPlan | SharedPlan {
  const { trainer } = job.study;
  const { threads, visibleGpus } = context;
  const shared = prepareTrial(job, { marker: job.marker ?? markerOf(job), threads, visibleGpus });
  if (trainer.kind === "tfjs") return planTfjs(job, trainer, shared, context);
  if (trainer.kind === "command") return planCommand(job, trainer, shared, context);
  throw new BasinError(
    "trainer",
    "This study has no trainer: its trials are driven from outside.",
    "Use `basin ask-tell`, or give the study a trainer.",
  );
}

function planTfjs(
  job: TrialJob,
  trainer: TfjsTrainerSpec,
  shared: TrialEnvironment,
  context: LaunchContext,
): LaunchPlan | SharedPlan {
  const trainerFile = writeTrainerFile(job, trainer);
  const { bundle, built } = builtInTrainer(context);
  const node = context.node();
  const env = { ...trialEnvironment({ ...shared, trainerFile }, context.baseEnv, {}), ...node.env };
  const plan: LaunchPlan = {
    program: node.path,
    args: [bundle],
    cwd: checkedFolder(job.studyFolder),
    env,
    shell: false,
    marker: shared.marker,
    notes: [`Node for the trainer: ${node.path} (${node.because})`],
  };
  if (!sharesProcess(trainer)) return plan;
  const turnEnv: Record<string, string> = {};
  const processEnv: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) (ofProcess(name) ? processEnv : turnEnv)[name] = value;
  const spec = { ...trainer, process: undefined };
  const key = JSON.stringify([plan.program, built.mtimeMs, built.size, plan.cwd, processEnv, spec]);
  // Processes of a slot may overlap for a moment: each has to be known by itself.
  const marker = `${plan.marker}${markerSeparator}${randomBytes(6).toString("hex")}`;
  return {
    ...plan,
    args: [bundle, "--serve"],
    env: { ...processEnv, BASIN_MARKER: marker },
    marker,
    key,
    slot: plan.marker,
    name: `${job.studyId}.${job.number}.${job.attempt}`,
    turnEnv,
  };
}

function builtInTrainer({ distFolder }: LaunchContext): { readonly bundle: string; readonly built: Stats } {
  const bundle = path.join(distFolder, "trainer.cjs");
  const built = statSync(bundle, { throwIfNoEntry: false });
  if (built === undefined) {
    throw new BasinError("trainer", `The built-in trainer is missing: ${bundle}.`, "Build it with `npm run build`.");
  }
  return { bundle, built };
}

/** Absolute files that a look at a trained model reads. */
export interface DiagnosisFiles {
  readonly order: string;
  readonly params: string;
  readonly trainer: string;
}

/** @throws BasinError "trainer" with a hint when it cannot be started at all */
export function planDiagnosis(job: DiagnoseJob, context: LaunchContext, files: DiagnosisFiles): LaunchPlan {
  const { bundle } = builtInTrainer(context);
  const node = context.node();
  const marker = `basin-diagnose-${randomBytes(8).toString("hex")}`;
  const env = trialEnvironment(
    {
      studyName: job.study.name,
      studyFolder: job.studyFolder,
      number: job.number,
      attempt: 1,
      seed: job.seed,
      splitSeed: job.study.seed,
      params: job.params,
      paramsFile: files.params,
      trialFolder: job.trialFolder,
      checkpointFolder: path.dirname(job.order.weights),
      marker,
      threads: context.threads,
      visibleGpus: context.visibleGpus,
      trainerFile: files.trainer,
      ...(job.cacheFolder === undefined ? {} : { cacheFolder: job.cacheFolder }),
      ...(job.study.tuneOnline === undefined ? {} : { tuneOnline: job.study.tuneOnline }),
    },
    context.baseEnv,
    {},
  );
  return {
    program: node.path,
    args: [bundle, "--diagnose"],
    cwd: checkedFolder(job.studyFolder),
    env: { ...env, ...node.env, BASIN_DIAGNOSE_FILE: files.order },
    shell: false,
    marker,
    notes: [],
  };
}

/** Whether a variable is the same for all trials of a study in one slot. */
function ofProcess(name: string): boolean {
  return !name.startsWith("BASIN_") || lastingVariables.has(name);
}

const lastingVariables = new Set([
  "BASIN_PROTOCOL",
  "BASIN_STUDY",
  "BASIN_SPLIT_SEED",
  "BASIN_DATA_ROOT",
  "BASIN_CACHE_DIR",
  "BASIN_THREADS",
  "BASIN_NODE",
]);

function planCommand(
  job: TrialJob,
  trainer: CommandTrainerSpec,
  shared: TrialEnvironment,
  context: LaunchContext,
): LaunchPlan {
  const cwd = checkedFolder(path.resolve(job.studyFolder, trainer.cwd));
  const pythonPath = pythonFolder(context.distFolder);
  const env = trialEnvironment(
    { ...shared, ...(pythonPath === undefined ? {} : { pythonPath }) },
    context.baseEnv,
    trainer.env,
  );
  const first = trainer.run[0];
  if (first === undefined || first === "") {
    throw new BasinError(
      "trainer",
      "The study's `run` is empty.",
      "Name the program to run, for example `python train.py`.",
    );
  }
  const shape = { cwd, env, marker: shared.marker };
  if (trainer.shell) return { ...shape, program: first, args: [], shell: true, notes: [] };
  const names = new Set(job.study.space.map((parameter) => parameter.name));
  const [program = "", ...args] = fillArguments(trainer.run, names, job.params);
  const resolved = resolveProgram({ program, cwd, env });
  return {
    ...shape,
    program: resolved.program,
    args,
    shell: false,
    notes: resolved.note === "" ? [] : [resolved.note],
  };
}

/** Folder that holds the Python package: dist/python when packaged, python/ beside dist in the repository. */
function pythonFolder(distFolder: string): string | undefined {
  const candidates = [path.join(distFolder, "python"), path.join(path.dirname(distFolder), "python")];
  return candidates.find((folder) => existsSync(path.join(folder, "basin", "__init__.py")));
}

function checkedFolder(folder: string): string {
  // A missing folder and a missing program are the same ENOENT to spawn.
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BasinError("trainer", `The trainer's folder does not exist: ${folder}.`, "Check `cwd` in the study.");
  }
  return folder;
}

function writeFileAtomic(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}
