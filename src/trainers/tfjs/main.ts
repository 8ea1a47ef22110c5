/**
 * Entry of the built-in TensorFlow.js trainer (dist/trainer.cjs): one trial, or `--probe <backend>` for `basin doctor`.
 * Invariant: whatever goes wrong ends as a `failed` event with a reason for a person, and the process ends with its input.
 */
import { errorText } from "../../core/errors.ts";
import type { BackendName } from "./backends/backend.ts";
import { probe } from "./backends/probe.ts";
import { openSession, type Session } from "./session.ts";
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

function runSession(): void {
  const session = openSession({
    input: process.stdin,
    output: process.stdout,
    log: process.stderr,
    onGone: () => process.exit(0),
  });
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
else runSession();
