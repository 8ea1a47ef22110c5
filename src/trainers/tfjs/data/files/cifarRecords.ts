/**
 * CIFAR's binary records: label bytes, then 32x32 pixels of red, green and blue, one plane after the other.
 * Invariant: a file holds whole records and every label names a class, or it is refused with the number of the record.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { BasinError } from "../../../../core/errors.ts";
import { badFile, cannotRead, openFile, type Bytes } from "./bytes.ts";
import { channelsFirst, rowsABlock, type Image, type Source } from "../source.ts";

const image: Image = [32, 32, 3];
const pixels = 32 * 32 * 3;

export interface CifarLayout {
  /** Label bytes before the pixels; the one at `label` is used. */
  readonly labelBytes: number;
  readonly label: number;
  /** Number of classes. */
  readonly classes: number;
}

/** The folder itself, or the one of the usual name inside it. `shown` is relative to the study file. */
export function cifarFolder(root: string, shown: string, inner: string, probe: string): string {
  const nested = path.join(shown, inner);
  const direct = existsSync(path.resolve(root, shown, probe));
  return !direct && existsSync(path.resolve(root, nested, probe)) ? nested : shown;
}

/** @throws BasinError when the folder is not there */
export function requireFolder(root: string, shown: string, hint: string): void {
  try {
    if (statSync(path.resolve(root, shown)).isDirectory()) return;
  } catch (error) {
    const { cause, code, message } = cannotRead(shown, error, "folder");
    throw new BasinError(code, message, `${hint} Paths are relative to the study file.`, { cause });
  }
  throw badFile(shown, "this is no folder.", hint);
}

/** Rows of a file. @throws BasinError unless it holds whole records */
function recordsOf(bytes: Bytes, layout: CifarLayout): number {
  const size = layout.labelBytes + pixels;
  const rest = bytes.size % size;
  if (bytes.size === 0) throw badFile(bytes.name, "the file is empty.");
  if (rest !== 0) {
    throw badFile(
      bytes.name,
      `${bytes.size} bytes are no whole number of records of ${size} bytes; ${rest} are left over.`,
      "It is cut off or damaged; copy it again.",
    );
  }
  return bytes.size / size;
}

/** Rows of the files together. @throws BasinError */
export function cifarRows(root: string, files: readonly string[], layout: CifarLayout): number {
  let rows = 0;
  for (const file of files) {
    const bytes = openFile(root, file);
    try {
      rows += recordsOf(bytes, layout);
    } finally {
      bytes.close();
    }
  }
  return rows;
}

/** Names of classes, one a line; undefined where the file is not there. @throws BasinError when there are too few or too many */
export function classNames(root: string, file: string, count: number): string[] | undefined {
  const full = path.resolve(root, file);
  if (!existsSync(full)) return undefined;
  const names = readFileSync(full, "utf8")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (names.length !== count || new Set(names).size !== count) {
    throw badFile(file, `it names ${new Set(names).size} different classes instead of ${count}.`, "It is damaged.");
  }
  return names;
}

/** The files of the training part and of the test part as one source. */
export function cifarSource(
  root: string,
  train: readonly string[],
  test: readonly string[],
  layout: CifarLayout,
  names: readonly string[] | undefined,
): Source {
  const opened: Bytes[] = [];
  const close = (): void => {
    for (const bytes of opened) bytes.close();
  };
  try {
    for (const file of [...train, ...test]) opened.push(openFile(root, file));
    const counts = opened.map((bytes) => recordsOf(bytes, layout));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const testRows = counts.slice(train.length).reduce((sum, count) => sum + count, 0);
    const record = layout.labelBytes + pixels;
    const labels = new Float64Array(total);
    // Labels stand between the pictures; one small read each is cheaper than reading all pictures twice.
    let at = 0;
    opened.forEach((bytes, i) => {
      const label = new Uint8Array(1);
      for (let row = 0; row < counts[i]!; row++) {
        bytes.readInto(label, row * record + layout.label);
        if (label[0]! >= layout.classes) {
          throw badFile(
            bytes.name,
            `record ${row + 1} has the label ${label[0]!}, but there are ${layout.classes} classes.`,
            "It is damaged, or no file of this data set.",
          );
        }
        labels[at++] = label[0]!;
      }
    });
    const order = channelsFirst(image);
    return {
      rows: total - testRows,
      testRows,
      width: pixels,
      type: "uint8",
      image,
      labels,
      classes: names ?? Array.from({ length: layout.classes }, (_, i) => String(i)),
      *blocks() {
        const step = rowsABlock(record);
        const [rawRoom, blockRoom] = [new Uint8Array(step * record), new Uint8Array(step * pixels)];
        for (const [i, bytes] of opened.entries()) {
          for (let from = 0; from < counts[i]!; from += step) {
            const rows = Math.min(counts[i]!, from + step) - from;
            const raw = rawRoom.subarray(0, rows * record);
            const block = blockRoom.subarray(0, rows * pixels);
            bytes.readInto(raw, from * record);
            for (let row = 0; row < rows; row++) {
              const start = row * record + layout.labelBytes;
              const target = row * pixels;
              for (let j = 0; j < pixels; j++) block[target + j] = raw[start + order[j]!]!;
            }
            yield block;
          }
        }
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
