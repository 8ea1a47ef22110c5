/**
 * The commands of `basin` and their options, as commander sees them.
 * Invariant: wrong usage exits with 2 and the usage line; every command's work is in the file of its name.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { engineVersion } from "../engine/version.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import type { RtdFlags } from "./rtd.ts";

const description = [
  "Hyperparameter optimisation with results next to your code.",
  "",
  // Commander wraps each paragraph to the terminal.
  "The workspace of a study is the nearest folder at or above it with .basin, .git or .vscode (a home folder does not count by its .vscode), else the study's own folder. It holds the results in .basin; the editor uses the same ones. Commands use the engine that runs in the workspace, or run one for as long as they need it.",
].join("\n");

const epilogue = `
Exit codes: 0 done, 1 failed, 2 invalid input (nothing was started), 130 interrupted (Ctrl-C, paused or stopped).`;

function positiveInteger(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1 || !Number.isSafeInteger(Number(text))) {
    throw new InvalidArgumentError("It must be a whole number from 1.");
  }
  return Number(text);
}

function trialNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be the number of a trial.");
  return Number(text);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new InvalidArgumentError("It must be a whole number from 0.");
  return Number(text);
}

/** Runs the command line; resolves with the exit code. Errors of a command are thrown. */
export async function runProgram(argv: readonly string[], distFolder: string): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const program = new Command("basin").description(description).version(engineVersion, "-v, --version").exitOverride();
  program
    .addHelpText("after", epilogue)
    .showHelpAfterError("(basin --help shows the commands)")
    .configureOutput({ outputError: (text, write) => write(`basin: ${text}`) });
  const command = (usage: string, summary: string): Command =>
    program
      .command(usage)
      .description(summary)
      .option("-w, --workspace <folder>", "workspace folder to use instead of the one found");

  command("run <study>", "run or continue the study of a file, with live progress")
    .option("--fresh", "start again even if results are there; those are kept as an earlier generation")
    .option("--json", "print the result as one JSON object, the last line of standard output")
    .option("--parallel <n>", "trials at once, instead of budget.parallel", positiveInteger)
    .option("--trials <n>", "trials in all, instead of budget.trials", positiveInteger)
    .action(async (study: string, options: object) => {
      code = await (await import("./run.ts")).runCommand(study, options);
    });
  command("list", "list the studies of the workspace")
    .option("--json", "as JSON")
    .action(async (options: object) => {
      code = await (await import("./list.ts")).listCommand(options);
    });
  command(
    "show <study> [trial]",
    "show a study with its best trials, or one trial; a study is named by file, name or id",
  )
    .option("--json", "as JSON")
    .option("--limit <n>", "trials to show", positiveInteger, 20)
    .action(async (study: string, trial: string | undefined, options: { limit: number }) => {
      code = await (
        await import("./show.ts")
      ).showCommand(study, trial === undefined ? undefined : trialNumber(trial), options);
    });
  command("sharpness <study> <trial>", "compute the sharpness or a landscape of the loss around a trial's weights")
    .option("-e, --estimators <ids...>", "which measures, separated by commas or spaces; all for every one")
    .addOption(
      new Option("--landscape <kind>", "a picture of the loss instead").choices(["line", "plane", "spectrum", "path"]),
    )
    .option("--to <trial>", "the other end of a path", trialNumber)
    .option("--points <n>", "points of a landscape; of a plane, of a side", positiveInteger)
    .option("--samples <n>", "training samples to measure on", positiveInteger)
    .option("--batch <n>", "rows of a mini-batch, for the measures of the last layer", positiveInteger)
    .option("--json", "as JSON")
    .action(async (study: string, trial: string, options: object) => {
      code = await (await import("./sharpness.ts")).sharpnessCommand(study, trialNumber(trial), options);
    });
  command("export <study>", "write all trials of a study as CSV or JSON")
    .addOption(new Option("-f, --format <format>", "kind of file").choices(["csv", "json"]).default("csv"))
    .option("-o, --output <file>", "file to write instead of standard output")
    .action(async (study: string, options: { format: "csv" | "json" }) => {
      code = await (await import("./exportStudy.ts")).exportCommand(study, options);
    });
  for (const [action, summary] of [
    ["pause", "pause a running study; running trials are put back"],
    ["resume", "go on with a paused study in the engine that runs"],
    ["stop", "end a study; a later run goes on with it"],
  ] as const) {
    command(`${action} <study>`, summary).action(async (study: string, options: object) => {
      code = await (await import("./control.ts")).controlCommand(action, study, options);
    });
  }
  command("enqueue <study>", "add configurations of your own, to be tried before anything else")
    .requiredOption("--params <json>", "parameters and values as JSON, or a list; what is left out is drawn")
    .action(async (study: string, options: { params: string }) => {
      code = await (await import("./enqueue.ts")).enqueueCommand(study, options);
    });
  command("ask-tell <study>", "drive a study without a trainer by lines of JSON on standard input")
    .option("--fresh", "start again even if results are there")
    .action(async (study: string, options: object) => {
      code = await (await import("./askTell.ts")).askTellCommand(study, options);
    });
  const native = program
    .command("native")
    .description("add, look at or remove TensorFlow's native back ends of TensorFlow.js");
  native
    .command("install")
    .description("add tfjs-node, which trains several times faster than WebAssembly, for this user of this machine")
    .option("--gpu", "add tfjs-node-gpu instead, against a Python's tensorflow[and-cuda]")
    .option("--python <python>", "take libtensorflow from the TensorFlow installed in this Python")
    .option("--from-wheel <file>", "take libtensorflow out of this TensorFlow wheel")
    .option("--from-pypi", "take libtensorflow out of a wheel that pip downloads")
    .option("--official", "take TensorFlow's own download, or fail")
    .option("--json", "print progress and result as lines of JSON")
    .option("--until-input-ends", "stop when standard input ends (for programs)")
    .action(async (options: object) => {
      code = await (await import("./native.ts")).nativeInstallCommand(options, distFolder);
    });
  native
    .command("status")
    .description("say what is installed, from where, and whether it works")
    .option("--json", "as JSON")
    .action(async (options: object) => {
      code = await (await import("./native.ts")).nativeStatusCommand(options, distFolder);
    });
  native
    .command("remove")
    .description("remove what was added")
    .option("--gpu", "remove tfjs-node-gpu instead of tfjs-node")
    .option("--json", "as JSON")
    .action(async (options: object) => {
      code = (await import("./native.ts")).nativeRemoveCommand(options);
    });
  program
    .command("rtd <a> <b>")
    .description(
      "compare two embeddings of the same samples (.npy or .csv, a row a sample) by their representation topology divergence",
    )
    .option("--json", "everything, barcodes included, as one JSON object")
    .option("--batch <n>", "compare random subsets of so many points (500), instead of all points", positiveInteger)
    .option("--trials <n>", "subsets, whose mean is taken (10)", positiveInteger)
    .option("--seed <n>", "of the subsets (0)", wholeNumber)
    .option("--directed", "score only what lies beyond A, instead of half the sum of both directions")
    .action(async (a: string, b: string, flags: RtdFlags) => {
      code = await (await import("./rtd.ts")).rtdCommand(a, b, flags);
    });
  command("doctor", "say what Basin can use on this machine, and what to install")
    .option("--quick", "do not measure how fast the back ends train")
    .option("--json", "as JSON")
    .action(async (options: object) => {
      code = await (await import("./doctor.ts")).doctorCommand(options, distFolder);
    });

  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.invalid;
  }
  return code;
}
