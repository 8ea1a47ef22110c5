/**
 * TensorFlow's own way: the install script of @tensorflow/tfjs-node, which downloads libtensorflow and a finished addon.
 * Invariant: never for the GPU package, whose scripts remove what is there and need a CUDA of 2021.
 */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { errorText } from "../core/errors.ts";
import { addonFile } from "./layout.ts";
import { runProgram } from "./processes.ts";
import { watchingBytes, type TellProgress } from "./progress.ts";
import { megabytes } from "./library.ts";
import type { ToolContext } from "./tools.ts";

/** Where the script downloads from; its own variables say otherwise. */
const standardHost = "https://storage.googleapis.com/";
const reachMs = 10_000;
const scriptMs = 15 * 60_000;

/** Why the official library cannot be had here, in words; undefined when it is worth trying. */
export async function officialObstacle(context: ToolContext): Promise<string | undefined> {
  const known: readonly string[] = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64"];
  const platform = `${process.platform}-${process.arch}`;
  if (!known.includes(platform)) return `there is none for ${platform}`;
  const { env, signal } = context;
  // The script knows how to go through a proxy; this test does not.
  if (["HTTPS_PROXY", "https_proxy", "HTTP_PROXY"].some((name) => (env[name] ?? "") !== "")) return undefined;
  const host = env["TFJS_NODE_BASE_URI"] ?? env["TFJS_NODE_CDN_STORAGE"] ?? env["CDN_STORAGE"] ?? standardHost;
  try {
    await fetch(host, { method: "HEAD", signal: AbortSignal.any([signal, AbortSignal.timeout(reachMs)]) });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return `${new URL(host).host} cannot be reached (${causeOf(error)})`;
  }
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (error instanceof Error && error.name === "TimeoutError") return `no answer in ${reachMs / 1000} s`;
  return cause instanceof Error ? cause.message || errorText(error) : errorText(error);
}

/**
 * Runs the package's install script. Gives undefined when the addon is there, else why not; `deps` may then still hold the
 * library for an addon of our own.
 * @throws BasinError `cancelled`
 */
export async function runOfficialScript(
  context: ToolContext,
  packageFolder: string,
  tell: TellProgress,
): Promise<string | undefined> {
  const deps = path.join(packageFolder, "deps");
  const expected = 400e6;
  const bins = path.join(path.dirname(path.dirname(packageFolder)), ".bin");
  const { how, tail } = await watchingBytes(
    deps,
    (bytes) => tell("official", `Downloading libtensorflow: ${megabytes(bytes)}`, bytes / expected),
    () =>
      runProgram(context.node, {
        args: [path.join("scripts", "install.js")],
        cwd: packageFolder,
        env: { ...context.env, PATH: `${bins}${path.delimiter}${context.env["PATH"] ?? ""}` },
        timeoutMs: scriptMs,
        signal: context.signal,
      }),
  );
  // The script's exit code is 0 in some failures: what counts is what is there.
  if (existsSync(addonFile(packageFolder)) && hasLibrary(deps)) return undefined;
  return `its install script did not bring it (${how}): ${tail.split("\n").slice(-3).join(" ")}`;
}

function hasLibrary(deps: string): boolean {
  const lib = path.join(deps, "lib");
  return existsSync(lib) && readdirSync(lib).some((name) => /^(lib)?tensorflow/.test(name));
}
