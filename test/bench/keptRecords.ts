/**
 * What a benchmark keeps in a file as it goes, one record a line, so that a run that was cut off goes on.
 * Invariant: a line that was cut off by a kill is no record.
 */
import { existsSync, readFileSync } from "node:fs";

/** The records in a text, as they were written. */
export function recordsIn<T>(text: string): T[] {
  const lines = text.split("\n").filter((line) => line.endsWith("}"));
  return lines.map((line) => JSON.parse(line) as T);
}

/** The records in a file; none where there is no file. */
export function keptRecords<T>(file: string): T[] {
  return existsSync(file) ? recordsIn<T>(readFileSync(file, "utf8")) : [];
}
