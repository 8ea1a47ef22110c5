/**
 * What a data format gives: rows one block after the other, and their labels. Knows nothing of splits and scaling.
 * Invariant: rows that may be split come first, the official test part after them; every block holds whole rows.
 */

export type Image = readonly [height: number, width: number, channels: number];

export interface Source {
  /** Rows to split into training, validation and (without an official one) test part. */
  readonly rows: number;
  /** Rows of the official test part; 0 = the data has none. */
  readonly testRows: number;
  /** Values a row. */
  readonly width: number;
  readonly type: "uint8" | "float32";
  /** Undefined: the rows are no images, as far as the format tells. */
  readonly image?: Image;
  /** One for each row: texts, or numbers. With `classes` these are their indices. */
  readonly labels: readonly string[] | Float64Array;
  /** Names of the classes by index, where the format has them. */
  readonly classes?: readonly string[];
  /** All rows in order, images channels last. A block is only valid until the next one is asked for. */
  blocks(): Iterable<Uint8Array | Float32Array>;
  close(): void;
}

/** Rows a block: about a megabyte. */
export function rowsABlock(bytesARow: number): number {
  return Math.max(1, Math.floor((1 << 20) / Math.max(1, bytesARow)));
}

/** Where each value of a channels-last image stands in a channels-first one. */
export function channelsFirst([height, width, channels]: Image): Int32Array {
  const plane = height * width;
  return Int32Array.from({ length: plane * channels }, (_, i) => (i % channels) * plane + Math.floor(i / channels));
}
