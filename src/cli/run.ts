/**
 * `basin run <study>`: starts or continues a study and stays with it to its end.
 * Invariant: nothing is started unless the file is valid; Ctrl-C once pauses (running trials are put back), twice leaves.
 */
import type { StudySummary } from "../protocol/engine.ts";
import { CliFailure, exitCodes, type ExitCode } from "./exit.ts";
import { followStudy } from "./follow.ts";
import { createOutput, type Output } from "./output.ts";
import { createProgress } from "./progress.ts";
import { type Asker, openSession } from "./session.ts";
import { readStudyFile, type BudgetChange } from "./studyFile.ts";
import { countsText, endLines, relative, resultObject, toJson } from "./text.ts";
import { workspaceFor } from "./workspace.ts";

export interface RunOptions {
  readonly fresh?: boolean;
  readonly json?: boolean;
  readonly parallel?: number;
  readonly trials?: number;
  readonly workspace?: string;
}

export async function runCommand(name: string, options: RunOptions): Promise<ExitCode> {
  const output = createOutput(options.json === true);
  const change: BudgetChange = {
    ...(options.trials === undefined ? {} : { trials: options.trials }),
    ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
  };
  const file = readStudyFile(name, change);
  for (const warning of file.warnings) process.stderr.write(`${warning}\n`);
  if (file.study.trainer.kind === "none") {
    throw new CliFailure(exitCodes.invalid, [
      `basin: error: ${name} has no trainer (trainer.kind is none), so there is nothing to run.`,
      `  Drive it from your own program with: basin ask-tell ${relative(file.path)}`,
    ]);
  }
  const workspace = workspaceFor(file.path, options.workspace);
  const interrupt = new AbortController();
  const stopListening = onInterrupt(interrupt, output);
  const session = await openSession(workspace, "study");
  try {
    const since = Date.now();
    const { studyId, how, message } = await session.client.request("study.start", {
      path: file.path,
      text: file.text,
      mode: options.fresh === true ? "fresh" : "continue",
    });
    output.note(message);
    if (how !== "already-complete") {
      output.note(session.hosted ? `  in ${workspace}` : `  by the engine that already runs in ${workspace}`);
      const { samplerChoice } = await session.client.request("study.get", { studyId });
      if (samplerChoice !== undefined) output.note(`  ${samplerChoice}`);
    }
    const view = createProgress(output);
    let summary: StudySummary;
    try {
      summary = await followStudy(session.client, studyId, since, view, interrupt.signal);
    } finally {
      view.close();
    }
    const interrupted = summary.state === "running";
    if (interrupted) summary = await pause(session.client, summary, output);
    else for (const line of endLines(summary, workspace)) output.note(line);
    await session.close();
    if (options.json === true) output.result(toJson(resultObject(summary, workspace)));
    return exitCodeFor(summary, interrupted);
  } finally {
    stopListening();
    await session.close();
  }
}

/** Done only when the study came to its end and something came of it. */
function exitCodeFor(summary: StudySummary, interrupted: boolean): ExitCode {
  if (interrupted || summary.state === "paused" || summary.state === "stopped") return exitCodes.interrupted;
  return summary.state === "complete" && summary.best !== undefined ? exitCodes.done : exitCodes.failed;
}

async function pause(client: Asker, before: StudySummary, output: Output): Promise<StudySummary> {
  const running = before.slots.length;
  // It may have ended by itself between the key and the request.
  await client.request("study.pause", { studyId: before.id }).catch(() => null);
  const after = await client.request("study.get", { studyId: before.id });
  const back = running === 0 ? "" : ` ${running} running ${running === 1 ? "trial was" : "trials were"} put back.`;
  output.note(`Paused ${after.name} at ${countsText(after)}.${back}`);
  output.note(`Go on with: basin run ${relative(after.path)}`);
  return after;
}

function onInterrupt(interrupt: AbortController, output: Output): () => void {
  const handler = (): void => {
    if (interrupt.signal.aborted) {
      // The trainers end by themselves when the engine's end of their input closes.
      process.stderr.write("Left at once; what was running is put back when the study is next started.\n");
      process.exit(exitCodes.interrupted);
    }
    output.note("Pausing ... (Ctrl-C again to leave at once)");
    interrupt.abort();
  };
  process.on("SIGINT", handler);
  process.on("SIGTERM", handler);
  return () => {
    process.off("SIGINT", handler);
    process.off("SIGTERM", handler);
  };
}
