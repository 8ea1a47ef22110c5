/**
 * Chooses the back end: the best one that loads and gets through a training step, or the one that the study forces.
 * Invariant: a back end that only loads is not chosen; it must have trained.
 */
import { BasinError, errorText } from "../../../core/errors.ts";
import type { TfjsBackendName } from "../../../core/study/definition.ts";
import { BackendUnavailable, type Backend, type BackendName, type LoadedBackend, type LoadOptions } from "./backend.ts";
import { cpuBackend } from "./cpu.ts";
import { childTrial, crashReason } from "./crashGuard.ts";
import { trialStep } from "./trialStep.ts";
import { tfjsNodeBackend } from "./tfjsNode.ts";
import { tfjsNodeGpuBackend } from "./tfjsNodeGpu.ts";
import { wasmBackend } from "./wasm.ts";
import { webgpuBackend } from "./webgpu.ts";

/** Best first, for models with convolutions. Adding a back end: a file beside this one and a line here. */
export const backends: readonly Backend[] = [
  tfjsNodeGpuBackend,
  webgpuBackend,
  tfjsNodeBackend,
  wasmBackend,
  cpuBackend,
];

/**
 * Best first for dense models: on a CPU, WebAssembly comes before TensorFlow's library, whose operations each cost more than
 * the arithmetic of a small layer (3 ms a step against 11 on the dense yardstick, docs/benchmarks.md).
 */
export function orderFor(dense: boolean, candidates: readonly Backend[] = backends): readonly Backend[] {
  if (!dense) return candidates;
  const wasm = candidates.filter((backend) => backend.name === "wasm");
  const rest = candidates.filter((backend) => backend.name !== "wasm");
  const place = rest.findIndex((backend) => backend.name === "tfjs-node");
  return place < 0 ? candidates : [...rest.slice(0, place), ...wasm, ...rest.slice(place)];
}

export function backendNamed(name: BackendName): Backend {
  const found = backends.find((backend) => backend.name === name);
  if (found === undefined)
    throw new BasinError(
      "invalid-study",
      `There is no back end "${name}".`,
      `There are ${backends.map((backend) => backend.name).join(", ")}.`,
    );
  return found;
}

/** Loads one back end and runs a small training step on it, or throws. */
export async function loadTried(backend: Backend, options: LoadOptions): Promise<LoadedBackend> {
  const loaded = await backend.load(options);
  await trialStep(loaded);
  return loaded;
}

/** Why a back end would end this process; undefined when it would not. */
export type CrashGuard = (backend: Backend) => Promise<string | undefined>;

async function guardInChild(backend: Backend): Promise<string | undefined> {
  const identity = backend.identity?.();
  const tryInChild = childTrial();
  if (identity === undefined || tryInChild === undefined) return undefined;
  return await crashReason(backend.name, identity, tryInChild);
}

/**
 * @param log told why better ones were passed over
 * @throws BasinError "trainer" when the forced one, or none, can be used
 */
export async function selectBackend(
  wanted: TfjsBackendName,
  options: LoadOptions,
  log: (message: string) => void,
  candidates: readonly Backend[] = backends,
  guard: CrashGuard = guardInChild,
): Promise<LoadedBackend> {
  if (wanted !== "auto") {
    try {
      return await loadTried(backendNamed(wanted), options);
    } catch (error) {
      throw new BasinError(
        "trainer",
        `The back end "${wanted}" cannot be used here: ${errorText(error)}`,
        'Set "backend: auto" under trainer to use the best one that works.',
        { cause: error },
      );
    }
  }
  const reasons: string[] = [];
  for (const backend of orderFor(options.dense === true, candidates)) {
    try {
      const crash = await guard(backend);
      if (crash !== undefined) throw new BackendUnavailable(backend.name, crash);
      return await loadTried(backend, options);
    } catch (error) {
      reasons.push(`${backend.name}: ${errorText(error)}`);
      log(`Back end ${backend.name} is not used: ${errorText(error)}`);
    }
  }
  throw new BasinError("trainer", "No back end of TensorFlow.js works here.", reasons.join(" "));
}
