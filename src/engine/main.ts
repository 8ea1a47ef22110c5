/**
 * Entry of the detached engine: `node dist/engine.cjs --workspace <folder> [--node <path>]`.
 * Invariant: exits with 0 when another engine owns the workspace, with 1 when it cannot work; never leaves a trainer behind.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { errorText } from "../core/errors.ts";
import { startEngine, WorkspaceTakenError } from "./engine.ts";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { workspace: { type: "string" }, node: { type: "string" } },
    strict: false,
  });
  if (typeof values.workspace !== "string" || values.workspace === "") {
    process.stderr.write("Usage: engine --workspace <folder> [--node <path>]\n");
    return 2;
  }
  try {
    const engine = await startEngine({
      workspace: path.resolve(values.workspace),
      foreground: false,
      ...(typeof values.node === "string" ? { nodePath: values.node } : {}),
    });
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => void engine.close(`Signal ${signal}.`));
    }
    // State after an unexpected error is not to be trusted: the next engine recovers from the store.
    const fatal = (error: unknown): void => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(`${new Date().toISOString()} fatal: ${text}\n`);
      process.exitCode = 1;
      setTimeout(() => process.exit(1), 3_000).unref();
      void engine.close(`Fatal: ${errorText(error)}`);
    };
    process.on("uncaughtException", fatal);
    process.on("unhandledRejection", fatal);
    await engine.ended;
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof WorkspaceTakenError) return 0;
    process.stderr.write(`${new Date().toISOString()} ${errorText(error)}\n`);
    return 1;
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${errorText(error)}\n`);
    process.exit(1);
  },
);
