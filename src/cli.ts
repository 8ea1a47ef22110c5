/**
 * Entry of `basin` (dist/cli.cjs): checks the Node that runs it, then hands over to the commands in cli/.
 * Invariant: nothing native is loaded before the check; the process ends with the command's exit code.
 */
import { failureOf } from "./cli/exit.ts";
import { bundledNode, isAtLeast, oldestNode, runUnder, tooOldText } from "./cli/nodeVersion.ts";

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (!isAtLeast(process.versions.node, oldestNode)) {
    const found = process.env["BASIN_NODE_FOUND"] === undefined ? bundledNode(__dirname) : undefined;
    if (found !== undefined) return runUnder(found, __filename, args);
    process.stderr.write(tooOldText(process.versions.node));
    return 1;
  }
  const { runProgram } = await import("./cli/program.ts");
  try {
    return await runProgram(args, __dirname);
  } catch (error) {
    const failure = failureOf(error);
    for (const line of failure.lines) process.stderr.write(`${line}\n`);
    return failure.code;
  }
}

// A reader that has seen enough (`basin list | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

function leave(code: number): void {
  process.exitCode = code;
  // Handles of libraries must not keep a finished command alive; what was written is flushed first.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

void main().then(leave);
