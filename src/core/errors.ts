/**
 * The one error type that crosses a boundary of Basin (engine, host, CLI, webview).
 * Invariant: `message` says what happened, `hint` says what the person can do; `code` is stable and machine-readable.
 */

export const basinErrorCodes = [
  "invalid-study",
  "invalid-params",
  "invalid-argument",
  "unknown-study",
  "unknown-trial",
  "wrong-state",
  "study-complete",
  "no-feasible-point",
  "space-exhausted",
  "not-trusted",
  "engine-unavailable",
  "protocol-mismatch",
  "storage",
  "trainer",
  "native-backend",
  "cancelled",
  "internal",
] as const;

export type BasinErrorCode = (typeof basinErrorCodes)[number];

export class BasinError extends Error {
  readonly code: BasinErrorCode;
  readonly hint: string;

  /**
   * @param code stable machine-readable kind
   * @param message what happened, one sentence
   * @param hint what the person can do about it; may be empty
   */
  constructor(code: BasinErrorCode, message: string, hint = "", options?: ErrorOptions) {
    super(message, options);
    this.name = "BasinError";
    this.code = code;
    this.hint = hint;
  }
}

/** The text of anything thrown, for logs and reasons; never throws. */
export function errorText(error: unknown): string {
  if (error instanceof BasinError) return error.hint === "" ? error.message : `${error.message} ${error.hint}`;
  if (error instanceof Error) return error.message;
  return String(error);
}
