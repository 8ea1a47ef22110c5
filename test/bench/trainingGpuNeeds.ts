/**
 * What a machine must have for training on its GPU, looked at one thing after the other: driver, Vulkan, packages.
 * Invariant: only looks; nothing is installed or changed.
 */
import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

export interface Need {
  readonly what: string;
  /** What was found; undefined when it is missing. */
  readonly found: string | undefined;
  /** What it is needed for, and where it comes from. */
  readonly advice: string;
}

const root = path.resolve(import.meta.dirname, "../..");
const require = createRequire(import.meta.url);

function output(program: string, args: readonly string[]): string | undefined {
  try {
    const text = execFileSync(program, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 60_000,
    });
    return text.trim() === "" ? undefined : text.trim();
  } catch {
    return undefined;
  }
}

function versionOf(name: string): string | undefined {
  try {
    const manifest = require.resolve(`${name}/package.json`, { paths: [root] });
    return (require(manifest) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

/** Descriptions of Vulkan drivers: named by the environment, or where drivers put them. */
function vulkanDrivers(): string | undefined {
  const named = process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"] ?? "";
  if (named !== "") return named;
  const files = globSync("{/etc,/usr/share,/usr/local/share,/usr/local/nvidia/share}/vulkan/icd.d/*.json");
  return files.length === 0 ? undefined : files.map((file) => path.basename(file)).join(", ");
}

/** NVIDIA's GPUs with their drivers, one a line; undefined when there is none. */
export function nvidiaGpus(): string | undefined {
  return output("nvidia-smi", ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]);
}

export function needs(): readonly Need[] {
  const linux = process.platform === "linux";
  const loader = output("ldconfig", ["-p"])
    ?.split("\n")
    .find((line) => line.includes("libvulkan.so.1"));
  return [
    { what: "Node.js", found: process.version, advice: "24 or newer runs these sources unbuilt (npm ci brings it)" },
    { what: "NVIDIA driver", found: nvidiaGpus(), advice: "for tfjs-node-gpu and PyTorch; webgpu takes any vendor's" },
    ...(linux
      ? [
          { what: "Vulkan's loader", found: loader?.trim(), advice: "for webgpu: the package libvulkan1" },
          {
            what: "Vulkan's drivers",
            found: vulkanDrivers(),
            advice:
              "for webgpu: nvidia_icd.json comes with NVIDIA's driver; if it lies elsewhere, name it in VK_DRIVER_FILES",
          },
        ]
      : []),
    { what: "webgpu (Dawn)", found: versionOf("webgpu"), advice: "for webgpu: npm ci brings it" },
    {
      what: "tfjs-node-gpu",
      found: versionOf("@tensorflow/tfjs-node-gpu"),
      advice: "for tfjs-node-gpu: basin native install, with a Python TensorFlow that has CUDA",
    },
    {
      what: "PyTorch",
      found: output("python3", ["-c", "import torch; print(torch.__version__, torch.version.cuda)"]),
      advice: "for the comparison: python3 -m pip install torch",
    },
  ];
}
