/**
 * Reads the end of a trainer's log.
 * Invariant: reads a bounded piece, however large the file is.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";

/** Last lines of a file: at most `maxLines` of its last `maxBytes`; none if it cannot be read. */
export async function logTail(file: string, maxLines = 50, maxBytes = 16 * 1024): Promise<string[]> {
  try {
    const handle = await open(file, "r");
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, maxBytes);
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      return linesOf(buffer.toString("utf8"), length < size, maxLines);
    } finally {
      await handle.close();
    }
  } catch {
    return [];
  }
}

/** The last line with something on it, "" if there is none. For the reason of a failure. */
export function lastLogLine(file: string): string {
  let fd: number | undefined;
  try {
    fd = openSync(file, "r");
    const { size } = fstatSync(fd);
    const length = Math.min(size, 4096);
    const buffer = Buffer.alloc(length);
    readSync(fd, buffer, 0, length, size - length);
    const lines = linesOf(buffer.toString("utf8"), false, Number.POSITIVE_INFINITY);
    return lines.findLast((line) => line.trim() !== "")?.trim() ?? "";
  } catch {
    return "";
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function linesOf(text: string, cut: boolean, maxLines: number): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  // The first line of a piece from the middle is half a line.
  if (cut) lines.shift();
  return lines.slice(-maxLines);
}
