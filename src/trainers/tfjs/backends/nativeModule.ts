/**
 * Finds and loads the native TensorFlow.js packages, which are not bundled: from the workspace, beside the extension, or
 * where npm installs globally. Invariant: no failure escapes but as BackendUnavailable, with words on what to do.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import util from "node:util";
import { errorText } from "../../../core/errors.ts";
import type { Tf } from "../tf.ts";
import { BackendUnavailable, type BackendName } from "./backend.ts";

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

/**
 * Loads a native package and gives its namespace.
 * @throws BackendUnavailable when it is not installed, or its native part is missing or does not fit this machine
 */
export function loadNative(packageName: string, backend: BackendName, env: NodeJS.ProcessEnv = process.env): Tf {
  if (process.versions["electron"] !== undefined) {
    throw new BackendUnavailable(
      backend,
      `${packageName} does not work inside the editor's own runtime. Install Node.js, or set basin.nodePath.`,
    );
  }
  let resolved: string | undefined;
  for (const folder of searchFolders(env)) {
    try {
      resolved = createRequire(path.join(folder, "noop.js")).resolve(packageName);
      break;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  if (resolved === undefined)
    throw new BackendUnavailable(
      backend,
      `${packageName} is not installed. Install it with "npm install ${packageName}" in the workspace.`,
    );
  restoreRemovedUtilities();
  try {
    return createRequire(resolved)(resolved) as Tf;
  } catch (error) {
    const native = /tfjs_binding|napi|\.node\b|libtensorflow|could not|cannot open/i.test(errorText(error));
    throw new BackendUnavailable(
      backend,
      native
        ? `${packageName} is installed, but its native part is missing or does not load: ${firstLine(error)}. Run "npm rebuild ${packageName}" where libtensorflow can be downloaded.`
        : `${packageName} does not load: ${firstLine(error)}`,
      { cause: error },
    );
  }
}

/** What the native backend object tells about itself. */
export interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
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
