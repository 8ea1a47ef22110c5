/**
 * A folder of data files that a test makes, and what a person reads when they are wrong.
 * Invariant: whatever is thrown is a BasinError, or the test fails; the folder is empty before each test and gone at the end.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeEach, expect } from "vitest";
import { BasinError, errorText } from "../../../../core/errors.ts";
import type { DataSpec } from "../../../../core/study/definition.ts";
import { checkData } from "../check.ts";
import { loadDataset } from "../dataset.ts";
import { floatBytes, npyBytes } from "./dataFiles.ts";

export interface DataFolder {
  readonly folder: string;
  readonly write: (name: string, content: Uint8Array | string) => void;
  readonly remove: (name: string) => void;
  /** What a person reads: "study: ..." at its start where headers tell it, else "trial: ..."; "it loaded" if nothing is wrong. */
  readonly complaint: (spec: DataSpec) => Promise<string>;
}

export function dataFolder(): DataFolder {
  const folder = mkdtempSync(path.join(tmpdir(), "basin-data-"));
  const data: DataFolder = {
    folder,
    write(name, content) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    },
    remove: (name) => rmSync(path.join(folder, name), { recursive: true, force: true }),
    async complaint(spec) {
      let early: string | undefined;
      try {
        checkData(
          { trainer: { kind: "tfjs", model: "mlp", data: spec, epochs: 1, backend: "cpu", threads: 1 } },
          folder,
        );
      } catch (error) {
        expect(error, errorText(error)).toBeInstanceOf(BasinError);
        early = errorText(error);
      }
      try {
        await loadDataset(spec, folder, 1, { cacheFolder: "" });
      } catch (error) {
        expect(error, errorText(error)).toBeInstanceOf(BasinError);
        return early === undefined ? `trial: ${errorText(error)}` : `study: ${early}`;
      }
      return early === undefined ? "it loaded" : `study: ${early}`;
    },
  };
  beforeEach(() => {
    for (const name of readdirSync(folder)) data.remove(name);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return data;
}

/** Labels 0, 1, ... in turn as a .npy file. */
export function npyLabels(count: number, classes = 2): Buffer {
  return npyBytes(
    "|u1",
    [count],
    Uint8Array.from({ length: count }, (_, i) => i % classes),
  );
}

/** Two features a row as a .npy file. */
export function npyFeatures(count: number): Buffer {
  return npyBytes("<f4", [count, 2], floatBytes(Array.from({ length: 2 * count }, (_, i) => Math.sin(i))));
}
