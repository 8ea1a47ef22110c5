/**
 * Data files for tests: where the fixtures are, how .npy, IDX and CIFAR files are written by hand, and how a source is read.
 * Invariant: written from the formats' definitions alone, with nothing of the readers.
 */
import path from "node:path";
import type { Source } from "../source.ts";

/** Written by makeFixtures.py. */
export const fixtures = path.join(import.meta.dirname, "fixtures");

/** All rows of a source, one after the other. */
export function allValues(source: Source): number[] {
  const values: number[] = [];
  for (const block of source.blocks()) values.push(...block);
  return values;
}

/** A .npy file of version 1. */
export function npyBytes(descr: string, shape: readonly number[], data: Uint8Array, fortran = false): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]!},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${tuple}, }`;
  const header = `${dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11)}\n`;
  const head = Buffer.alloc(10);
  head.write("\u0093NUMPY\u0001\u0000", "latin1");
  head.writeUInt16LE(header.length, 8);
  return Buffer.concat([head, Buffer.from(header, "latin1"), data]);
}

/** The bytes of float32 numbers, little-endian. */
export function floatBytes(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeFloatLE(value, 4 * i));
  return bytes;
}

/** An IDX file of bytes. */
export function idxBytes(shape: readonly number[], data: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head[2] = 8;
  head[3] = shape.length;
  shape.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([head, data]);
}

/** Records of CIFAR: the label bytes, then the pixels as `pixel` gives them, plane by plane. */
export function cifarBytes(
  labels: readonly (readonly number[])[],
  pixel: (record: number, channel: number, row: number, column: number) => number,
): Buffer {
  return Buffer.concat(
    labels.map((bytes, record) => {
      const out = Buffer.alloc(bytes.length + 3072);
      out.set(bytes);
      let at = bytes.length;
      for (let channel = 0; channel < 3; channel++)
        for (let row = 0; row < 32; row++)
          for (let column = 0; column < 32; column++) out[at++] = pixel(record, channel, row, column) & 255;
      return out;
    }),
  );
}
