/**
 * CSV files: one label column, all others numeric features.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { CsvDataSpec } from "../../../../core/study/definition.ts";
import { BasinError } from "../../../../core/errors.ts";
import { checkCsvHeader, parseCsv, type Table } from "../csv.ts";
import { cannotRead, openFile } from "../files/bytes.ts";
import type { Source } from "../source.ts";
import type { DataFormat } from "./format.ts";

/** Longer first lines are left to the trainer. */
const headBytes = 1 << 20;

/** Runs `work` and puts the file's name before what it complains about. */
function named<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof BasinError)
      throw new BasinError(error.code, `${file}: ${error.message}`, error.hint, { cause: error });
    throw error;
  }
}

/** A parsed table as a source. */
export function tableSource(table: Table): Source {
  return {
    rows: table.rows,
    testRows: 0,
    width: table.featureNames.length,
    type: "float32",
    labels: table.labels,
    blocks: () => [table.features],
    close: () => undefined,
  };
}

export const csvFormat: DataFormat<CsvDataSpec> = {
  key: "csv",
  files: ({ csv }, root) => [path.resolve(root, csv)],
  check({ csv, label }, root) {
    const file = openFile(root, csv);
    try {
      const head = file.read(0, Math.min(file.size, headBytes));
      const whole = head.length === file.size;
      named(csv, () => checkCsvHeader(head, label, whole));
      return {};
    } finally {
      file.close();
    }
  },
  open({ csv, label }, root) {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path.resolve(root, csv));
    } catch (error) {
      throw cannotRead(csv, error);
    }
    return named(csv, () => tableSource(parseCsv(bytes, label)));
  },
};
