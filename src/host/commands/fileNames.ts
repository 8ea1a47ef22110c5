/**
 * Names of studies as names of files.
 * Invariant: pure; never empty, hidden, or a path.
 */

/** A name of a study as a file name on every system. */
export function safeFileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "") || "study";
}
