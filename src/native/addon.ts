/**
 * The compiled part of tfjs-node: two C++ files of the npm package between Node-API and TensorFlow's C interface.
 * Invariant: built from the package's own sources against a library that is there; Node-API 8 makes one build serve every Node.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { BasinError } from "../core/errors.ts";
import { addonFile } from "./layout.ts";
import { libraryNames, type TensorflowLibrary } from "./library.ts";
import { runProgram } from "./processes.ts";
import type { Program, ToolContext } from "./tools.ts";

export interface AddonSources {
  /** Folder of the npm package. */
  readonly packageFolder: string;
  /** Folder with node_api.h. */
  readonly nodeHeaders: string;
}

/**
 * Arguments for a compiler that takes GCC's options. The library is found at run time where it lies now, relative to the
 * addon when it is kept by Basin (so that the home folder may move), else by its absolute path.
 */
export function compilerArguments(sources: AddonSources, library: TensorflowLibrary, kept: boolean): string[] {
  const darwin = process.platform === "darwin";
  const target = addonFile(sources.packageFolder);
  const origin = darwin ? "@loader_path" : "$ORIGIN";
  const place = kept ? `${origin}/${path.relative(path.dirname(target), library.folder)}` : library.folder;
  return [
    "-O2",
    "-std=c++17",
    "-fPIC",
    "-w",
    ...(darwin ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"]),
    "-DNAPI_VERSION=8",
    "-DNODE_GYP_MODULE_NAME=tfjs_binding",
    "-DBUILDING_NODE_EXTENSION",
    "-I",
    sources.nodeHeaders,
    "-I",
    sources.packageFolder,
    "-I",
    library.include,
    ...["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => path.join(sources.packageFolder, "binding", name)),
    ...libraryNames.map((name) => path.join(library.folder, name)),
    // Not with -Wl, which would split a path at its commas.
    "-Xlinker",
    "-rpath",
    "-Xlinker",
    place,
    "-o",
    target,
  ];
}

/** @throws BasinError with what the compiler said */
export async function compileAddon(
  context: ToolContext,
  compiler: Program,
  sources: AddonSources,
  library: TensorflowLibrary,
  kept: boolean,
): Promise<void> {
  mkdirSync(path.dirname(addonFile(sources.packageFolder)), { recursive: true });
  const { ok, how, tail } = await runProgram(compiler.program, {
    args: [...compiler.args, ...compilerArguments(sources, library, kept)],
    cwd: context.folder,
    env: context.env,
    timeoutMs: 10 * 60_000,
    signal: context.signal,
  });
  if (ok) return;
  throw new BasinError(
    "native-backend",
    `${compiler.program} could not build the native part (${how}): ${tail}`,
    "If it names a missing file of the system, install the package that brings it (on Debian: sudo apt-get install g++).",
  );
}
