/**
 * A process that looks at a trained model: `trainer.cjs --diagnose` with what it needs in files, and its records taken in.
 * Invariant: `ended` is called exactly once, when no process of it is left and its files are gone; nothing it does throws or
 * lets memory grow.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { diagnoseRecordSchema, numbersFromJson } from "../../trainers/diagnoseProtocol.ts";
import { createLogStream, createRecordStream, schemaProblem } from "../../trainers/eventStream.ts";
import type { DiagnoseCallbacks, DiagnoseJob, DiagnoseOutcome, RunningDiagnosis } from "../executor.ts";
import { type LaunchContext, planDiagnosis } from "./launchPlan.ts";
import { TrainerProcess, type ProcessEnd } from "./trainerProcess.ts";

/** Between SIGTERM and SIGKILL: there is nothing to be put away. */
const graceMs = 500;
/** What follows is the id of the process that gave the order. */
const orderPrefix = "order-";
/** Of what it printed, for the case that it dies without a word. */
const keptLog = 2_000;

/**
 * @param context where it runs
 * @param released called before `ended`
 * @throws BasinError "trainer" when it cannot be started at all
 */
export function startDiagnosis(
  job: DiagnoseJob,
  context: LaunchContext,
  callbacks: DiagnoseCallbacks,
  released: () => void,
): RunningDiagnosis {
  const parent = path.join(job.trialFolder, "flatness");
  mkdirSync(parent, { recursive: true });
  removeLeft(parent);
  const folder = mkdtempSync(path.join(parent, `${orderPrefix}${process.pid}-`));
  const write = (name: string, value: unknown): string => {
    const file = path.join(folder, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };
  let outcome: DiagnoseOutcome | undefined;
  let cancelled = false;
  let log = "";
  let finished = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    finished = resolve;
  });
  const keep = (lines: Uint8Array): void => {
    log = (log + Buffer.from(lines).toString("utf8")).slice(-keptLog);
  };
  const stdout = createRecordStream({
    record(value) {
      const parsed = diagnoseRecordSchema.safeParse(numbersFromJson(value));
      if (!parsed.success) return schemaProblem(parsed.error);
      const record = parsed.data;
      if (record.type === "progress") callbacks.progress(record.fraction);
      else if (record.type === "result") outcome = { kind: "done", result: record.result };
      else outcome = { kind: "failed", reason: record.reason };
      return undefined;
    },
    log: keep,
    warning: (message) => keep(Buffer.from(`${message}\n`)),
  });
  const stderr = createLogStream({ log: keep });
  const conclude = async (end: ProcessEnd): Promise<void> => {
    stdout.end();
    stderr.end();
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    released();
    callbacks.ended(cancelled ? { kind: "cancelled" } : (outcome ?? { kind: "failed", reason: deathText(end, log) }));
    finished();
  };
  const plan = planDiagnosis(job, context, {
    order: write("order.json", job.order),
    params: write("params.json", job.params),
    trainer: write("trainer.json", job.study.trainer),
  });
  const child = new TrainerProcess(
    plan,
    {
      stdout: (chunk) => stdout.write(chunk),
      stderr: (chunk) => stderr.write(chunk),
      warning: (message) => keep(Buffer.from(`${message}\n`)),
      ended: (end) => void conclude(end),
    },
    { strayGraceMs: graceMs },
  );
  return {
    async cancel() {
      cancelled = true;
      child.end(graceMs);
      await over;
    },
  };
}

/** Orders of an engine that was killed: its processes have ended with their input. */
function removeLeft(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (name.startsWith(orderPrefix) && !name.startsWith(`${orderPrefix}${process.pid}-`))
      rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}

/** Why a process ended that has said neither result nor reason. */
function deathText(end: ProcessEnd, log: string): string {
  if (end.kind === "spawn-failed") return end.message;
  const how = end.kind === "exited" ? `with exit code ${end.code}` : `by ${end.signal}`;
  const last = log.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return `The computation ended ${how}.${last === "" ? "" : ` Its last line: ${last}`}`;
}
