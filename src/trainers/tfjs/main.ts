/**
 * Entry of the built-in TensorFlow.js trainer (dist/trainer.cjs): one trial, trials in turn (`--serve`), a look at a
 * trained model (`--diagnose`), or `--probe <backend>` for `basin doctor`.
 * Invariant: whatever goes wrong ends as a `failed` event with a reason for a person, and the process ends with its input.
 */
import { errorText } from "../../core/errors.ts";
import { encodeDiagnose, type DiagnoseRecord } from "../diagnoseProtocol.ts";
import type { BackendName } from "./backends/backend.ts";
import { probe } from "./backends/probe.ts";
import { keptResources } from "./resources.ts";
import { serve } from "./serve.ts";
import { flushed, openSession, readLines, type Session } from "./session.ts";
import { diagnose } from "./sharpness/diagnose.ts";
import { runTrial } from "./trial.ts";

function runProbe(name: string): void {
  const say = (line: object): void => {
    process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0));
  };
  process.on("uncaughtException", (error) => say({ backend: name, ok: false, reason: errorText(error) }));
  process.on("unhandledRejection", (error) => say({ backend: name, ok: false, reason: errorText(error) }));
  void probe(name as BackendName, Number(process.env["BASIN_THREADS"] ?? "1")).then(say);
}

function fail(session: Session, error: unknown): void {
  const stack = error instanceof Error ? error.stack : undefined;
  if (stack !== undefined) session.log(stack);
  session.send({ type: "failed", reason: errorText(error).slice(0, 10_000) });
  void session.flush().then(() => process.exit(1));
}

const streams = {
  input: process.stdin,
  output: process.stdout,
  log: process.stderr,
  onGone: () => process.exit(0),
};

function runServer(): void {
  const kept = keptResources();
  const serving = serve({
    streams,
    // What is the same for all its trials is in the process's own environment.
    run: (env, session) => runTrial({ ...process.env, ...env }, session, kept),
    leftovers: () => kept.leftovers(),
    exit: (code) => process.exit(code),
  });
  process.on("uncaughtException", (error) => serving.fail(error));
  process.on("unhandledRejection", (error) => serving.fail(error));
}

function runDiagnosis(): void {
  const send = (record: DiagnoseRecord): void => void process.stdout.write(encodeDiagnose(record));
  const end = (record: DiagnoseRecord, code: number): void => {
    send(record);
    void flushed(process.stdout).then(() => process.exit(code));
  };
  const fail = (error: unknown): void => {
    if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
    end({ type: "failed", reason: errorText(error).slice(0, 10_000) }, 1);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  readLines(streams, () => undefined);
  const log = (message: string): void => void process.stderr.write(`${message}\n`);
  diagnose(process.env, { send, log }).then((result) => end({ type: "result", result }, 0), fail);
}

function runSession(): void {
  const session = openSession(streams);
  process.on("uncaughtException", (error) => fail(session, error));
  process.on("unhandledRejection", (error) => fail(session, error));
  runTrial(process.env, session).then(
    async (code) => {
      await session.flush();
      process.exit(code);
    },
    (error: unknown) => fail(session, error),
  );
}

const asked = process.argv.indexOf("--probe");
if (asked >= 0) runProbe(process.argv[asked + 1] ?? "");
else if (process.argv.includes("--serve")) runServer();
else if (process.argv.includes("--diagnose")) runDiagnosis();
else runSession();
