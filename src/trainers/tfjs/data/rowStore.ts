/**
 * All rows of the data, unsplit and unscaled, as bytes or float32: in memory, or in a file that the operating system keeps
 * in its page cache once for all trials of the machine.
 * Invariant: reading never changes the store; rows come in the order they are asked for.
 */
import { closeSync, openSync } from "node:fs";
import { BasinError } from "../../../core/errors.ts";
import { readFully } from "./files/bytes.ts";

export type Rows = Uint8Array | Float32Array;

export interface RowStore {
  readonly type: "uint8" | "float32";
  readonly rows: number;
  readonly width: number;
  /** Copies the rows with these numbers into the start of `out`, which has the store's type. */
  read(rows: Int32Array, out: Rows): void;
  close(): void;
}

export function memoryStore(values: Rows, width: number): RowStore {
  return {
    type: values instanceof Uint8Array ? "uint8" : "float32",
    rows: values.length / width,
    width,
    read(rows, out) {
      for (let i = 0; i < rows.length; i++)
        out.set(values.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
    },
    close: () => undefined,
  };
}

/**
 * Rows of a file of the data cache, from `offset` on. Node has no memory maps; positional reads cost about a microsecond
 * each beyond the copying, and neighbouring rows are read together.
 */
export function fileStore(
  file: string,
  offset: number,
  shape: { readonly type: "uint8" | "float32"; readonly rows: number; readonly width: number },
): RowStore {
  const { rows: count, type, width } = shape;
  const size = width * (type === "uint8" ? 1 : 4);
  const handle = openSync(file, "r");
  let open = true;
  return {
    type,
    rows: count,
    width,
    read(rows, out) {
      const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
      for (let i = 0; i < rows.length;) {
        let run = 1;
        while (i + run < rows.length && rows[i + run] === rows[i]! + run) run++;
        const target = bytes.subarray(i * size, (i + run) * size);
        if (readFully(handle, target, offset + rows[i]! * size) < target.length) {
          throw new BasinError(
            "trainer",
            `The prepared data ${file} became shorter while it was in use.`,
            "Start the trial again: it is prepared anew.",
          );
        }
        i += run;
      }
    },
    close() {
      if (open) closeSync(handle);
      open = false;
    },
  };
}
