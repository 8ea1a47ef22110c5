/**
 * Dawn, Chromium's WebGPU, in plain Node: finds the npm package `webgpu`, loads it and chooses an adapter.
 * Invariant: a software adapter is never chosen unless `BASIN_WEBGPU_SOFTWARE=1` asks for one, which only tests do: it
 * computes the right numbers, slower than every other back end.
 */
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { errorText } from "../../../core/errors.ts";
import { BackendUnavailable } from "./backend.ts";
import { searchFolders } from "./nativeModule.ts";

/** The version that Basin is tested with. */
export const dawnVersion = "0.4.0";

const toInstall = `Install it with "npm install webgpu@${dawnVersion}" in the workspace, or with "npm install -g webgpu@${dawnVersion}".`;

/** What the package gives: WebGPU's entry point, and the classes and constants a browser has as globals. */
interface Dawn {
  readonly gpu: GPU;
  readonly globals: Readonly<Record<string, unknown>>;
}

/** Names by which software implementations of Vulkan, Direct3D and OpenGL go. */
const softwareNames = /llvmpipe|lavapipe|softpipe|swiftshader|swrast|software|basic render|microsoft basic|\bwarp\b/i;

export type AdapterInfo = Pick<GPUAdapterInfo, "vendor" | "architecture" | "device" | "description">;

/** Whether an adapter computes on the processor. Dawn marks them in more than one way, older versions in none. */
export function isSoftware(info: AdapterInfo & { readonly isFallbackAdapter?: boolean | undefined }): boolean {
  return (
    info.isFallbackAdapter === true || softwareNames.test(`${info.architecture} ${info.device} ${info.description}`)
  );
}

/** One line for the record: what it is, its maker, its architecture. */
export function deviceText(info: AdapterInfo): string {
  const name = [info.description, info.device].find((text) => text !== "") ?? "GPU";
  const rest = [info.vendor, info.architecture].filter((text) => text !== "");
  return rest.length === 0 ? `${name}, WebGPU` : `${name} (${rest.join(" ")}), WebGPU`;
}

async function loadDawn(env: NodeJS.ProcessEnv): Promise<Dawn> {
  if (process.versions["electron"] !== undefined)
    throw new BackendUnavailable(
      "webgpu",
      "WebGPU does not work inside the editor's own runtime. Install Node.js, or set basin.nodePath.",
    );
  let entry: string | undefined;
  for (const folder of searchFolders(env)) {
    try {
      entry = createRequire(path.join(folder, "noop.js")).resolve("webgpu");
      break;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  if (entry === undefined)
    throw new BackendUnavailable("webgpu", `The package webgpu (Dawn) is not installed. ${toInstall}`);
  try {
    const module = (await import(pathToFileURL(entry).href)) as {
      create(options: readonly string[]): GPU;
      readonly globals: Dawn["globals"];
    };
    // Browsers round timestamps against attacks; here they measure kernels (test/bench/trainingGpu.ts).
    return { gpu: module.create(["disable-dawn-features=timestamp_quantization"]), globals: module.globals };
  } catch (error) {
    throw new BackendUnavailable(
      "webgpu",
      `The package webgpu is installed, but does not load: ${errorText(error).split("\n")[0]} ${toInstall}`,
      { cause: error },
    );
  }
}

const driverHint =
  process.platform === "linux"
    ? "It needs the graphics driver with Vulkan: libvulkan1 and, for NVIDIA, the driver's own Vulkan files (nvidia_icd.json)."
    : "It needs a current graphics driver.";

export interface Adapter {
  readonly dawn: Dawn;
  readonly adapter: GPUAdapter;
  readonly info: GPUAdapterInfo & { readonly isFallbackAdapter?: boolean };
}

/**
 * The fastest adapter of this machine.
 * @throws BackendUnavailable when there is none but software, with words on what is missing
 */
export async function findAdapter(env: NodeJS.ProcessEnv = process.env): Promise<Adapter> {
  const dawn = await loadDawn(env);
  const adapter = await dawn.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new BackendUnavailable("webgpu", `No GPU was found. ${driverHint}`);
  // Older type declarations know only the asynchronous predecessor of `info`.
  const { info } = adapter as GPUAdapter & Pick<Adapter, "info">;
  if (isSoftware(info) && env["BASIN_WEBGPU_SOFTWARE"] !== "1")
    throw new BackendUnavailable(
      "webgpu",
      `There is no GPU but ${info.description || info.device}, which computes on the processor. ${driverHint}`,
    );
  // Vulkan knows nothing of CUDA's variable, but who hides NVIDIA's GPUs means them hidden.
  const visible = env["CUDA_VISIBLE_DEVICES"];
  if (info.vendor === "nvidia" && visible !== undefined && /^\s*(?:-.*)?$/.test(visible))
    throw new BackendUnavailable("webgpu", "This trial was given no GPU (CUDA_VISIBLE_DEVICES is empty).");
  return { dawn, adapter, info };
}

/** A device with all that the adapter can do: the limits that a specification guarantees are far smaller. */
export function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const { limits, features } = adapter;
  return adapter.requestDevice({
    requiredFeatures: features.has("timestamp-query") ? ["timestamp-query"] : [],
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  });
}
