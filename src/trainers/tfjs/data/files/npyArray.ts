/**
 * NumPy's .npy format, versions 1 to 3: header, and the rows of an array of numbers or texts by position.
 * Invariant: pickled arrays are refused, never read; header and size of the file agree exactly.
 * Format: numpy.lib.format, "Format Version 1.0" to "3.0".
 */
import { badFile, type Bytes } from "./bytes.ts";
import { decodeNumbers, sizeOf, type NumberType } from "./numbers.ts";

export interface NpyArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** Type of the numbers, or "bytes" / "unicode" for texts. */
  readonly type: NumberType | "bytes" | "unicode";
  readonly little: boolean;
  readonly fortran: boolean;
  /** Bytes of one element. */
  readonly itemSize: number;
  /** Bytes before the first element. */
  readonly offset: number;
}

const magic = "\u0093NUMPY";
/** NumPy's own limit is 10,000 unless a file is trusted. */
const longestHeader = 64 * 1024;

const types: Readonly<Record<string, NumberType>> = {
  b1: "bool",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

/**
 * Reads the header.
 * @param bytes at least the header; for a whole array all of it
 * @param size bytes of the whole file
 * @throws BasinError for anything that is no array of numbers or texts of exactly this size
 */
export function readNpyHeader(bytes: Bytes, size = bytes.size): NpyArray {
  const { name } = bytes;
  if (bytes.size < 10 || bytes.read(0, 6).toString("latin1") !== magic) {
    throw badFile(name, "this is no NumPy .npy file.", "Write it with numpy.save.");
  }
  const [major = 0] = bytes.read(6, 2);
  if (major < 1 || major > 3) throw badFile(name, `version ${major} of the .npy format is not known.`);
  const start = major === 1 ? 10 : 12;
  if (bytes.size < start) throw badFile(name, "the file is cut off in its header.");
  const length = major === 1 ? bytes.read(8, 2).readUInt16LE() : bytes.read(8, 4).readUInt32LE();
  if (length > longestHeader) throw badFile(name, `a header of ${length} bytes cannot be right.`);
  if (start + length > bytes.size) throw badFile(name, "the file is cut off in its header.");
  const text = bytes.read(start, length).toString(major === 3 ? "utf8" : "latin1");
  const array = { name, ...parseHeader(name, text), offset: start + length };
  checkSize(array, size);
  return array;
}

/** The header is a literal of a Python dictionary with three keys. */
function parseHeader(name: string, text: string): Omit<NpyArray, "offset" | "name"> {
  const descr = /'descr'\s*:\s*(?:'([^']*)'|(\[))/.exec(text);
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text);
  if (descr === null || fortran === null || shape === null) throw badFile(name, "its header cannot be understood.");
  if (descr[2] !== undefined) {
    throw badFile(name, "it holds records with named fields.", "Save the numeric columns as one array.");
  }
  const sizes = (shape[1] ?? "")
    .split(",")
    .map((part) => part.trim().replace(/L$/, ""))
    .filter((part) => part !== "")
    .map(Number);
  const code = descr[1] ?? "";
  const match = /^([<>|=])?([a-zA-Z])(\d*)$/.exec(code);
  const kind = `${match?.[2] ?? ""}${match?.[3] ?? ""}`;
  if (match?.[2] === "O") {
    throw badFile(
      name,
      "it holds Python objects (a pickle), which Basin does not open: a pickle can run any program.",
      "Save plain numbers or texts: numpy.save(file, array.astype(float)).",
    );
  }
  const common = { shape: sizes, little: match?.[1] !== ">", fortran: fortran[1] === "True" };
  const type = types[kind];
  if (type !== undefined) return { ...common, type, itemSize: sizeOf(type) };
  const letters = Number(match?.[3] ?? "");
  if (match?.[2] === "S" || match?.[2] === "a") return { ...common, type: "bytes", itemSize: letters };
  if (match?.[2] === "U") return { ...common, type: "unicode", itemSize: 4 * letters };
  throw badFile(
    name,
    `elements of the type "${code.slice(0, 40)}" cannot be used.`,
    "Convert the array to whole or real numbers of at most 64 bits: array.astype(numpy.float32).",
  );
}

function checkSize(array: NpyArray, size: number): void {
  const elements = array.shape.reduce((product, length) => product * length, 1);
  const bytes = elements * array.itemSize;
  const shown = `[${array.shape.join(", ")}]`;
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(bytes)) {
    throw badFile(array.name, `the shape ${shown} in its header cannot be right.`);
  }
  const there = size - array.offset;
  if (bytes > there) {
    throw badFile(
      array.name,
      `the shape ${shown} needs ${bytes} bytes, but the file holds ${there}.`,
      "It is cut off or damaged; copy it again.",
    );
  }
  if (bytes < there) {
    throw badFile(
      array.name,
      `${there - bytes} bytes follow after the ${bytes} of the array of shape ${shown}.`,
      "It is damaged, or several arrays were saved into one file: use numpy.savez.",
    );
  }
}

/** Values of one row: the product of all sizes but the first. */
export function npyWidth({ shape }: NpyArray): number {
  return shape.slice(1).reduce((product, length) => product * length, 1);
}

/**
 * Rows from <= row < to, row-major, `order[i]` telling which value of the row stands at place i (undefined: as stored).
 * C order costs one read, Fortran order one a column.
 */
export function readNpyRows(
  bytes: Bytes,
  array: NpyArray,
  from: number,
  to: number,
  order: Int32Array | undefined,
  out: Uint8Array | Float32Array | Float64Array,
): void {
  const { fortran, itemSize, offset, shape, type } = array;
  if (type === "bytes" || type === "unicode") throw badFile(array.name, "texts cannot be features.");
  const width = npyWidth(array);
  const count = to - from;
  const numbers = (length: number): Float32Array | Float64Array =>
    out instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
  const decode = (raw: Uint8Array, target: Float32Array | Float64Array): void =>
    decodeNumbers(raw, type, array.little, target);
  if (!fortran && out instanceof Uint8Array && order === undefined) {
    bytes.readInto(out, offset + from * width);
    return;
  }
  if (!fortran) {
    const raw = bytes.read(offset + from * width * itemSize, count * width * itemSize);
    if (out instanceof Uint8Array) permuteRows(raw, width, order, out);
    else if (order === undefined) decode(raw, out.subarray(0, count * width));
    else {
      const values = numbers(count * width);
      decode(raw, values);
      permuteRows(values, width, order, out);
    }
    return;
  }
  const rows = shape[0] ?? 1;
  const columns = fortranColumns(shape.slice(1));
  const values = numbers(count);
  for (let i = 0; i < width; i++) {
    const column = columns[order === undefined ? i : order[i]!]!;
    const raw = bytes.read(offset + (column * rows + from) * itemSize, count * itemSize);
    if (out instanceof Uint8Array) for (let row = 0; row < count; row++) out[row * width + i] = raw[row]!;
    else {
      decode(raw, values);
      for (let row = 0; row < count; row++) out[row * width + i] = values[row]!;
    }
  }
}

function permuteRows<T extends Uint8Array | Float32Array | Float64Array>(
  values: T,
  width: number,
  order: Int32Array | undefined,
  out: T,
): void {
  if (order === undefined) {
    out.set(values);
    return;
  }
  for (let row = 0; row < values.length; row += width)
    for (let i = 0; i < width; i++) out[row + i] = values[row + order[i]!]!;
}

/** For each value of a row in C order, its number in Fortran order. */
function fortranColumns(shape: readonly number[]): Int32Array {
  const width = shape.reduce((product, length) => product * length, 1);
  return Int32Array.from({ length: width }, (_, place) => {
    let rest = place;
    let column = 0;
    // The last index runs fastest in C order, the first one in Fortran order.
    const index = shape.map(() => 0);
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d] = rest % shape[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
    for (let d = shape.length - 1; d >= 0; d--) column = column * shape[d]! + index[d]!;
    return column;
  });
}

/** All elements of an array of labels: [rows], or [rows, 1]. */
export function readNpyLabels(bytes: Bytes, array: NpyArray): string[] | Float64Array {
  const [rows = 0, ...rest] = array.shape;
  if (array.shape.length === 0 || rest.some((length) => length !== 1)) {
    throw badFile(
      array.name,
      `labels have the shape [rows], but this array has [${array.shape.join(", ")}].`,
      rest.length === 1 ? "For one-hot labels save labels.argmax(axis=1)." : "",
    );
  }
  const raw = bytes.read(array.offset, rows * array.itemSize);
  if (array.type === "unicode" || array.type === "bytes") return texts(raw, array, rows);
  const numbers = new Float64Array(rows);
  decodeNumbers(raw, array.type, array.little, numbers);
  return numbers;
}

function texts(raw: Buffer, { itemSize, little, name, type }: NpyArray, rows: number): string[] {
  return Array.from({ length: rows }, (_, row) => {
    const item = raw.subarray(row * itemSize, (row + 1) * itemSize);
    if (type === "bytes") return item.toString("latin1").replace(/\0+$/, "");
    let text = "";
    for (let at = 0; at + 4 <= item.length; at += 4) {
      const point = little ? item.readUInt32LE(at) : item.readUInt32BE(at);
      if (point > 0x10ffff) throw badFile(name, `row ${row + 1} holds no valid text.`);
      text += String.fromCodePoint(point);
    }
    return text.replace(/\0+$/, "");
  });
}
