/**
 * Where the native TensorFlow packages that `basin native install` adds are kept, and what is known of them.
 * Invariant: an installation exists exactly when its manifest does; the manifest is written last, in one step, and names the
 * folder that was tested, so an installation that was killed half-way is never seen.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** `cpu`: @tensorflow/tfjs-node. `gpu`: @tensorflow/tfjs-node-gpu on CUDA. */
export type NativeVariant = "cpu" | "gpu";
export const nativeVariants: readonly NativeVariant[] = ["cpu", "gpu"];

/** The TensorFlow.js that the native part is made for: the version that Basin bundles. */
export const tfjsVersion = "4.22.0";

export const packageNames: Readonly<Record<NativeVariant, string>> = {
  cpu: "@tensorflow/tfjs-node",
  gpu: "@tensorflow/tfjs-node-gpu",
};

/** The name of the back end that a variant makes possible. */
export const backendNames: Readonly<Record<NativeVariant, "tfjs-node" | "tfjs-node-gpu">> = {
  cpu: "tfjs-node",
  gpu: "tfjs-node-gpu",
};

/** `official`: TensorFlow's own download. `wheel`: unpacked by Basin and kept by it. `python`: linked into a Python's packages. */
export type NativeOrigin = "official" | "wheel" | "python";

export interface NativeManifest {
  readonly format: 1;
  readonly variant: NativeVariant;
  /** Name of the installation's folder, beside the manifest. */
  readonly folder: string;
  readonly origin: NativeOrigin;
  /** The wheel's file name, the Python's path, or "TensorFlow's own download". */
  readonly from: string;
  /** Version of libtensorflow, as it says itself. */
  readonly libtensorflow: string;
  /** Folder with libtensorflow, when it is not inside `folder`: it must stay. */
  readonly libraryFolder?: string;
  /** What the trial step ran on. */
  readonly device: string;
  /** Node that ran it. The native part is Node-API 8 and serves every Node that can run Basin. */
  readonly node: string;
  readonly installedAt: string;
}

/** Environment variable that names the package folder a probe is to load, whatever else is installed. */
export const candidateVariable = "BASIN_NATIVE_CANDIDATE";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder of this user and machine for everything native: `$XDG_DATA_HOME/basin/native` (default `~/.local/share`),
 * `~/Library/Application Support/basin/native` on macOS, `%LOCALAPPDATA%\basin\native` on Windows; then one folder for each
 * platform, processor and version of TensorFlow.js.
 */
export function nativeHome(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const version = `${platform}-${process.arch}-tfjs${tfjsVersion}`;
  const xdg = env["XDG_DATA_HOME"];
  // The specification says that a relative one is to be ignored.
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, "basin", "native", version);
  const home = env["HOME"] ?? os.homedir();
  if (platform === "win32")
    return path.join(env["LOCALAPPDATA"] ?? path.join(os.homedir(), "AppData", "Local"), "basin", "native", version);
  if (platform === "darwin") return path.join(home, "Library", "Application Support", "basin", "native", version);
  return path.join(home, ".local", "share", "basin", "native", version);
}

export function manifestFile(home: string, variant: NativeVariant): string {
  return path.join(home, `${variant}.json`);
}

/** What is installed; undefined when nothing is, or its manifest or folder is damaged. */
export function readManifest(home: string, variant: NativeVariant): NativeManifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(manifestFile(home, variant), "utf8"));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const manifest = value as Partial<NativeManifest>;
  const named = manifest.folder;
  if (manifest.format !== 1 || manifest.variant !== variant || typeof named !== "string") return undefined;
  // A name and never a path: what is removed later lies in `home`.
  if (path.basename(named) !== named || !named.startsWith(`${variant}-`)) return undefined;
  return existsSync(packageFolder(path.join(home, named), variant)) ? (manifest as NativeManifest) : undefined;
}

/** Makes an installation the one in use. */
export function writeManifest(home: string, manifest: NativeManifest): void {
  mkdirSync(home, { recursive: true });
  const file = manifestFile(home, manifest.variant);
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(manifest, undefined, 2)}\n`);
  renameSync(fresh, file);
}

/** The npm package inside an installation's folder. */
export function packageFolder(installation: string, variant: NativeVariant): string {
  return path.join(installation, "node_modules", ...packageNames[variant].split("/"));
}

/** The compiled part of an npm package, for Node-API 8. It need not be there. */
export function addonFile(packageFolder: string): string {
  return path.join(packageFolder, "lib", "napi-v8", "tfjs_binding.node");
}
