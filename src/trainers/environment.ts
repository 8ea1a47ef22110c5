/**
 * What a trainer finds in its environment.
 * Invariant: nothing of the editor's (Electron, debugger) and nothing of an outer trial leaks in; what the study sets in
 * `env` wins over everything except the protocol's own variables.
 */
import type { Params, ParamValue } from "../core/space/parameter.ts";
import type { TuneOnline } from "../core/study/definition.ts";
import type { Diagnostics } from "../core/study/diagnostics.ts";
import { trainerProtocolVersion } from "./protocol.ts";

export interface TrialEnvironment {
  readonly studyName: string;
  readonly studyFolder: string;
  readonly number: number;
  readonly attempt: number;
  /** Of this trial's training. */
  readonly seed: number;
  /** Of the split of the data: the same for all trials of a study, so that they are compared on the same samples. */
  readonly splitSeed: number;
  readonly params: Params;
  readonly paramsFile: string;
  readonly trialFolder: string;
  readonly checkpointFolder: string;
  /** For prepared data, shared by all trials of the workspace; undefined = none. */
  readonly cacheFolder?: string;
  readonly marker: string;
  readonly threads: number;
  readonly untilStep?: number;
  /** Rates that the trainer adapts while it trains; undefined = none. */
  readonly tuneOnline?: TuneOnline;
  /** What becomes of adapted rates when the trial goes on from another one's checkpoint; undefined = the trainer's default. */
  readonly hdCopy?: string;
  /** The metric whose derivatives by hyperparameters the study's sampler would like (see protocol.ts); undefined = none. */
  readonly gradientOf?: string;
  /** What the study measures of every trial beside its metrics; undefined = nothing. */
  readonly diagnostics?: Diagnostics;
  /** The built-in trainer's own file. */
  readonly trainerFile?: string;
  /** CUDA_VISIBLE_DEVICES; undefined = not touched. */
  readonly visibleGpus: string | undefined;
  /** Folder that holds the Python package `basin`. */
  readonly pythonPath?: string;
}

/** Linux limits one variable to 128 KiB; longer parameters are in the file alone. */
const longestVariable = 64 * 1024;

const threadVariables = [
  "OMP_NUM_THREADS",
  "MKL_NUM_THREADS",
  "OPENBLAS_NUM_THREADS",
  "NUMEXPR_NUM_THREADS",
  "VECLIB_MAXIMUM_THREADS",
];

/** A parameter as text: for arguments and variables. Numbers as JSON writes them; null is the empty text. */
export function paramText(value: ParamValue): string {
  return value === null ? "" : String(value);
}

/** `learningRate` -> BASIN_PARAM_LEARNINGRATE, `model.hidden-dim` -> BASIN_PARAM_MODEL_HIDDEN_DIM. */
export function paramVariable(name: string): string {
  return `BASIN_PARAM_${name.toUpperCase().replaceAll(/[^A-Z0-9_]/g, "_")}`;
}

/** Variables of this process that a trainer gets. */
export function inheritedEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (/^(ELECTRON_|VSCODE_|CHROME_DESKTOP$)/.test(name)) continue;
    if (name.startsWith("BASIN_") && name !== "BASIN_NODE") continue;
    // The editor's debugger attaches itself to every Node below it through a preloaded script.
    if (name === "NODE_OPTIONS" && /js-debug|bootloader/.test(value)) continue;
    out[name] = value;
  }
  return out;
}

/**
 * The whole environment of a trial's process.
 * @param base what is inherited: `inheritedEnvironment(process.env)`
 * @param own the study's `trainer.env`
 */
export function trialEnvironment(
  trial: TrialEnvironment,
  base: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const params = JSON.stringify(trial.params);
  const env: Record<string, string> = { PYTHONUNBUFFERED: "1", PYTHONIOENCODING: "utf-8" };
  for (const name of threadVariables) env[name] = String(trial.threads);
  Object.assign(env, base, own);
  if (trial.visibleGpus !== undefined && own["CUDA_VISIBLE_DEVICES"] === undefined) {
    env["CUDA_VISIBLE_DEVICES"] = trial.visibleGpus;
    // Without it CUDA counts fastest first and nvidia-smi by bus, and index 1 means two different GPUs.
    env["CUDA_DEVICE_ORDER"] ??= "PCI_BUS_ID";
  }
  if (trial.pythonPath !== undefined) {
    const separator = process.platform === "win32" ? ";" : ":";
    const before = env["PYTHONPATH"];
    env["PYTHONPATH"] =
      before === undefined || before === "" ? trial.pythonPath : `${trial.pythonPath}${separator}${before}`;
  }
  for (const [name, value] of Object.entries(trial.params)) {
    const text = paramText(value);
    if (text.length <= longestVariable && !text.includes("\0")) env[paramVariable(name)] ??= text;
  }
  Object.assign(env, {
    BASIN_PROTOCOL: String(trainerProtocolVersion),
    BASIN_STUDY: trial.studyName,
    BASIN_TRIAL: String(trial.number),
    BASIN_ATTEMPT: String(trial.attempt),
    BASIN_SEED: String(trial.seed),
    BASIN_SPLIT_SEED: String(trial.splitSeed),
    BASIN_PARAMS_FILE: trial.paramsFile,
    BASIN_TRIAL_FOLDER: trial.trialFolder,
    BASIN_CHECKPOINT_DIR: trial.checkpointFolder,
    BASIN_DATA_ROOT: trial.studyFolder,
    BASIN_MARKER: trial.marker,
    BASIN_THREADS: own["BASIN_THREADS"] ?? String(trial.threads),
  });
  if (params.length <= longestVariable) env["BASIN_PARAMS"] = params;
  if (trial.untilStep !== undefined) env["BASIN_UNTIL_STEP"] = String(trial.untilStep);
  if (trial.tuneOnline !== undefined) env["BASIN_TUNE_ONLINE"] = JSON.stringify(trial.tuneOnline);
  if (trial.hdCopy !== undefined) env["BASIN_HD_COPY"] = trial.hdCopy;
  if (trial.gradientOf !== undefined) env["BASIN_GRADIENT_OF"] = trial.gradientOf;
  if (trial.diagnostics !== undefined) env["BASIN_DIAGNOSTICS"] = JSON.stringify(trial.diagnostics);
  if (trial.cacheFolder !== undefined) env["BASIN_CACHE_DIR"] = trial.cacheFolder;
  if (trial.trainerFile !== undefined) env["BASIN_TRAINER_FILE"] = trial.trainerFile;
  return env;
}
