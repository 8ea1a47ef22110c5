/**
 * A table of three classes on disk, for tests that start trainers. Invariant: a function of what its cells are.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";

/** The `data` of a study whose folder holds the table. */
export const tableSpec = {
  csv: "./data.csv",
  label: "y",
  validation: 0.2,
  test: 0.2,
  standardize: true,
  task: "classification",
} as const;

/** The same, each row an image. */
export const imagesSpec = { ...tableSpec, image: [4, 4, 1] } as const;

/** Ninety rows of sixteen numbers, classes in turn, as data.csv. @param cell the number in a row (whose class is row % 3) and column */
export function writeTable(folder: string, cell: (row: number, column: number) => number | string): void {
  const columns = Array.from({ length: 16 }, (_, j) => j);
  const rows = Array.from({ length: 90 }, (_, i) => [...columns.map((j) => cell(i, j)), `c${i % 3}`].join(","));
  writeFileSync(
    path.join(folder, "data.csv"),
    `${[...columns.map((j) => `x${j}`), "y"].join(",")}\n${rows.join("\n")}\n`,
  );
}
