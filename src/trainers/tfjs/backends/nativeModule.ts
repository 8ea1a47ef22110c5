/**
 * Finds and loads the native TensorFlow.js packages, which are not bundled: what `basin native install` added, else the
 * workspace's own, else one beside the extension or where npm installs globally.
 * Invariant: no failure escapes but as BackendUnavailable, with words on what to do; a package without its native part never
 * hides one that has it.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import util from "node:util";
import { errorText } from "../../../core/errors.ts";
import {
  candidateVariable,
  nativeHome,
  packageFolder,
  packageNames,
  readManifest,
  type NativeVariant,
} from "../../../native/layout.ts";
import type { Tf } from "../tf.ts";
import { BackendUnavailable, type BackendName } from "./backend.ts";

export interface NativePackage {
  readonly name: string;
  readonly folder: string;
  /** Its compiled part; undefined when only the JavaScript is there. */
  readonly addon: string | undefined;
  /** libtensorflow, as far as it is known where it lies. */
  readonly libraryFolder: string | undefined;
}

/** Folders whose node_modules are searched, in this order. */
export function searchFolders(env: NodeJS.ProcessEnv): string[] {
  const folders = [env["BASIN_DATA_ROOT"], process.cwd(), typeof __dirname === "string" ? __dirname : undefined];
  const prefix = path.dirname(path.dirname(process.execPath));
  // npm -g: <prefix>/lib/node_modules, on Windows %APPDATA%\npm\node_modules; `createRequire` adds "node_modules" itself.
  folders.push(
    env["NPM_CONFIG_PREFIX"] === undefined ? undefined : path.join(env["NPM_CONFIG_PREFIX"], "lib"),
    path.join(prefix, "lib"),
    "/usr/local/lib",
    "/usr/lib",
  );
  if (env["APPDATA"] !== undefined) folders.push(path.join(env["APPDATA"], "npm"));
  return [...new Set(folders.filter((folder) => folder !== undefined && existsSync(folder)))] as string[];
}

function packageAt(name: string, folder: string, libraryFolder?: string): NativePackage {
  const lib = path.join(folder, "lib");
  const built = existsSync(lib) ? readdirSync(lib).filter((entry) => entry.startsWith("napi-v")) : [];
  const addon = built
    .map((entry) => path.join(lib, entry, "tfjs_binding.node"))
    .toSorted()
    .findLast((file) => existsSync(file));
  return { name, folder, addon, libraryFolder: libraryFolder ?? path.join(folder, "deps", "lib") };
}

/** The package to use for a variant: the first that has its native part, else the first that is there at all. */
export function findNative(variant: NativeVariant, env: NodeJS.ProcessEnv = process.env): NativePackage | undefined {
  const name = packageNames[variant];
  const candidate = env[candidateVariable];
  if (candidate?.endsWith(path.join(...name.split("/"))) === true) return packageAt(name, candidate);
  const home = nativeHome(env);
  const manifest = readManifest(home, variant);
  if (manifest !== undefined) {
    const folder = path.join(home, manifest.folder);
    const library = manifest.origin === "wheel" ? path.join(folder, "libtensorflow") : manifest.libraryFolder;
    return packageAt(name, packageFolder(folder, variant), library);
  }
  let incomplete: NativePackage | undefined;
  for (const folder of searchFolders(env)) {
    try {
      const manifestFile = createRequire(path.join(folder, "noop.js")).resolve(`${name}/package.json`);
      const found = packageAt(name, path.dirname(manifestFile));
      if (found.addon !== undefined) return found;
      incomplete ??= found;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return incomplete;
}

function stamp(file: string): string {
  const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
  return `${file} ${size} ${mtimeMs}`;
}

/** What tells one native installation from another: files, their sizes and times, and the Node they are loaded into. */
export function nativeIdentity(found: NativePackage | undefined): string | undefined {
  if (found?.addon === undefined) return undefined;
  const library = found.libraryFolder ?? "";
  const names = existsSync(library) ? readdirSync(library).toSorted() : [];
  const libraries = names.filter((name) => /^(lib)?tensorflow.*\.(so|dylib|dll)/.test(name));
  return [process.version, stamp(found.addon), ...libraries.map((name) => stamp(path.join(library, name)))].join("; ");
}

/** The same for a package that brings its finished binaries along in `dist`; undefined when it is not installed. */
export function binaryIdentity(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  for (const folder of searchFolders(env)) {
    try {
      const dist = path.dirname(createRequire(path.join(folder, "noop.js")).resolve(`${name}/package.json`));
      const binaries = readdirSync(path.join(dist, "dist")).filter((file) => file.endsWith(".node"));
      return [process.version, ...binaries.toSorted().map((file) => stamp(path.join(dist, "dist", file)))].join("; ");
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}

/** Node 23 removed functions that the native packages still call. */
function restoreRemovedUtilities(): void {
  const removed: Record<string, (value: unknown) => boolean> = {
    isNullOrUndefined: (value) => value === null || value === undefined,
    isArray: (value) => Array.isArray(value),
  };
  for (const [name, check] of Object.entries(removed)) {
    if (!(name in util)) Object.defineProperty(util, name, { value: check, configurable: true, writable: true });
  }
}

/** First lines of an error are enough: native loaders append pages of paths. */
function firstLine(error: unknown): string {
  return (
    errorText(error)
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim()
      .slice(0, 300) ?? "unknown error"
  );
}

/** How a variant is installed, in words. */
export function installHint(variant: NativeVariant): string {
  return variant === "cpu"
    ? 'Install it with "basin native install", or in VS Code with "Basin: Install Native TensorFlow Backend".'
    : "Install it with \"basin native install --gpu\", given a Python with 'tensorflow[and-cuda]'.";
}

/**
 * Loads a native package and gives its namespace.
 * @throws BackendUnavailable when it is not installed, or its native part is missing or does not fit this machine
 */
export function loadNative(variant: NativeVariant, backend: BackendName, env: NodeJS.ProcessEnv = process.env): Tf {
  const name = packageNames[variant];
  if (process.versions["electron"] !== undefined) {
    throw new BackendUnavailable(
      backend,
      `${name} does not work inside the editor's own runtime. Install Node.js, or set basin.nodePath.`,
    );
  }
  const found = findNative(variant, env);
  if (found === undefined) throw new BackendUnavailable(backend, `It is not installed. ${installHint(variant)}`);
  if (found.addon === undefined)
    throw new BackendUnavailable(backend, `Its native part is not installed. ${installHint(variant)}`);
  restoreRemovedUtilities();
  try {
    return createRequire(path.join(found.folder, "package.json"))(found.folder) as Tf;
  } catch (error) {
    // A Python environment that was linked into may have been removed or upgraded since.
    throw new BackendUnavailable(
      backend,
      `Its native part does not load: ${firstLine(error)}. It lies in ${found.folder}. ${installHint(variant)}`,
      { cause: error },
    );
  }
}

/** What the native backend object tells about itself. */
export interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/** Sets the namespace to its native back end "tensorflow". */
export async function startNative(tf: Tf, backend: BackendName): Promise<NativeBackend> {
  try {
    if (!(await tf.setBackend("tensorflow"))) throw new Error("its back end did not start");
    await tf.ready();
    return tf.backend() as unknown as NativeBackend;
  } catch (error) {
    throw new BackendUnavailable(backend, `TensorFlow was found but does not start: ${firstLine(error)}`, {
      cause: error,
    });
  }
}

/** "libtensorflow 2.21.0". */
export function libraryText(backend: NativeBackend): string {
  return `libtensorflow ${backend.binding?.TF_Version ?? "of unknown version"}`;
}
