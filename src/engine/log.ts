/**
 * The engine's own log: one JSON object a line, {at, level, message, ...details}.
 * Invariant: never throws, never grows past twice its limit (one older file is kept), holds no parameter values or output of
 * trainers.
 */
import { appendFileSync, renameSync, statSync } from "node:fs";

export type LogLevel = "info" | "warning" | "error";

export interface EngineLog {
  info(message: string, details?: Readonly<Record<string, unknown>>): void;
  warning(message: string, details?: Readonly<Record<string, unknown>>): void;
  error(message: string, details?: Readonly<Record<string, unknown>>): void;
}

export const silentLog: EngineLog = { info: () => undefined, warning: () => undefined, error: () => undefined };

/**
 * A log in `file`, turned over to `file`.1 at `maxBytes`.
 * @param now clock in milliseconds since 1970
 */
export function openEngineLog(file: string, now: () => number, maxBytes = 4 * 1024 * 1024): EngineLog {
  let size = 0;
  try {
    size = statSync(file).size;
  } catch {
    // The first line makes it.
  }
  const write = (level: LogLevel, message: string, details: Readonly<Record<string, unknown>> = {}): void => {
    try {
      const line = `${JSON.stringify({ at: new Date(now()).toISOString(), level, message, ...details })}\n`;
      if (size + line.length > maxBytes && size > 0) {
        renameSync(file, `${file}.1`);
        size = 0;
      }
      appendFileSync(file, line, { mode: 0o600 });
      size += Buffer.byteLength(line);
    } catch {
      // A full disk must not end a study on account of its log.
    }
  };
  return {
    info: (message, details) => write("info", message, details),
    warning: (message, details) => write("warning", message, details),
    error: (message, details) => write("error", message, details),
  };
}

/** What is worth keeping of an error: message and stack. */
export function errorDetails(error: unknown): { readonly error: string; readonly stack?: string } {
  if (!(error instanceof Error)) return { error: String(error) };
  return { error: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) };
}
