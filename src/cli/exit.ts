/**
 * How the program ends. 0 done, 1 failed, 2 invalid input (nothing was started), 130 interrupted (Ctrl-C, or paused or
 * stopped from elsewhere). Invariant: every command ends with one of these, and with a line on standard error unless 0.
 */
import { BasinError, type BasinErrorCode } from "../core/errors.ts";

export const exitCodes = { done: 0, failed: 1, invalid: 2, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the command with a code; `lines` go to standard error as they are. */
export class CliFailure extends Error {
  readonly code: ExitCode;
  readonly lines: readonly string[];

  constructor(code: ExitCode, lines: readonly string[]) {
    super(lines.join("\n"));
    this.name = "CliFailure";
    this.code = code;
    this.lines = lines;
  }
}

const invalidCodes: readonly BasinErrorCode[] = [
  "invalid-study",
  "invalid-params",
  "invalid-argument",
  "unknown-study",
  "unknown-trial",
];

/** "basin: error: what. hint", and the exit code that goes with the error. */
export function failureOf(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error;
  if (error instanceof BasinError) {
    const code = invalidCodes.includes(error.code)
      ? exitCodes.invalid
      : error.code === "cancelled"
        ? exitCodes.interrupted
        : exitCodes.failed;
    return new CliFailure(code, [`basin: error: ${error.message}`, ...(error.hint === "" ? [] : [`  ${error.hint}`])]);
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliFailure(exitCodes.failed, [`basin: internal error: ${text}`]);
}
