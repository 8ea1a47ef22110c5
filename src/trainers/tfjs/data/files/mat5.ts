/**
 * Numeric arrays of MATLAB 5 files (`save -v6` and `-v7`), compressed elements included.
 * Invariant: every size is held against what encloses it before anything is allocated.
 * Format: "MAT-File Format", MathWorks, chapter 1.
 */
import { badFile, memoryBytes, partOf, type Bytes } from "./bytes.ts";
import { inflateAll, inflateStart } from "./inflate.ts";
import { decodeNumbers, sizeOf, type NumberType } from "./numbers.ts";

export interface MatArray {
  readonly name: string;
  /** Sizes; the first index runs fastest. */
  readonly shape: readonly number[];
  /** Type in which the numbers are stored. */
  readonly type: NumberType;
  readonly little: boolean;
  /** The numbers, as they are stored. */
  readonly bytes: Bytes;
}

const matrixElement = 14;
const compressedElement = 15;

const storedTypes: Readonly<Record<number, NumberType>> = {
  1: "int8",
  2: "uint8",
  3: "int16",
  4: "uint16",
  5: "int32",
  6: "uint32",
  7: "float32",
  9: "float64",
  12: "int64",
  13: "uint64",
};

interface Element {
  readonly type: number;
  readonly size: number;
  /** Where its content begins. */
  readonly start: number;
  /** Where the next element begins. */
  readonly next: number;
}

/** The element at `at`. Up to four bytes of content may share the tag's eight bytes. */
function elementAt(bytes: Bytes, at: number, little: boolean): Element {
  const tag = bytes.read(at, 8);
  const first = little ? tag.readUInt32LE(0) : tag.readUInt32BE(0);
  const second = little ? tag.readUInt32LE(4) : tag.readUInt32BE(4);
  const small = first >>> 16;
  if (small !== 0) {
    if (small > 4) throw damaged(bytes);
    return { type: first & 0xffff, size: small, start: at + 4, next: at + 8 };
  }
  const padding = first === compressedElement ? 0 : (8 - (second % 8)) % 8;
  return { type: first, size: second, start: at + 8, next: at + 8 + second + padding };
}

function damaged(bytes: Bytes): Error {
  return badFile(bytes.name, "its inner structure is damaged.", "It is cut off or damaged; copy it again.");
}

interface MatrixHeader {
  readonly name: string;
  readonly shape: readonly number[];
  /** undefined: no real numeric array (text, cell, struct, complex, sparse). */
  readonly data: Element | undefined;
}

/** Flags, sizes, name and place of the numbers of the matrix whose content is `bytes` (perhaps only its start). */
function readMatrix(bytes: Bytes, little: boolean): MatrixHeader {
  const flags = elementAt(bytes, 0, little);
  if (flags.size < 8) throw damaged(bytes);
  const word = bytes.read(flags.start, 4);
  const bits = little ? word.readUInt32LE() : word.readUInt32BE();
  const kind = bits & 0xff;
  const sizes = elementAt(bytes, flags.next, little);
  if (sizes.size % 4 !== 0 || sizes.size < 8 || sizes.size > 4 * 32) throw damaged(bytes);
  const raw = bytes.read(sizes.start, sizes.size);
  const shape = Array.from({ length: sizes.size / 4 }, (_, i) =>
    little ? raw.readInt32LE(4 * i) : raw.readInt32BE(4 * i),
  );
  if (shape.some((size) => size < 0)) throw damaged(bytes);
  const title = elementAt(bytes, sizes.next, little);
  if (title.size > 256) throw damaged(bytes);
  const name = bytes.read(title.start, title.size).toString("latin1");
  // Classes 6 to 15 are the numeric ones; bit 11 says complex.
  const numeric = kind >= 6 && kind <= 15 && (bits & 0x800) === 0;
  return { name, shape, data: numeric ? elementAt(bytes, title.next, little) : undefined };
}

interface Found {
  readonly header: MatrixHeader;
  /** Bytes of the unpacked element, tag included. */
  readonly total: number;
  readonly packed: Bytes | undefined;
  readonly plain: Bytes | undefined;
}

/** All matrices of the file, without unpacking more than their headers. */
function* matrices(bytes: Bytes): Generator<{ readonly found: Found; readonly little: boolean }> {
  if (bytes.size < 128) throw badFile(bytes.name, "this is no MATLAB file: it is too short.");
  const head = bytes.read(0, 128);
  const order = head.toString("latin1", 126, 128);
  if (head.toString("latin1", 0, 19) === "MATLAB 7.3 MAT-file") {
    throw badFile(bytes.name, "files of MATLAB 7.3 (HDF5) cannot be read.", "Save it again with save(..., '-v7').");
  }
  const little = order === "IM";
  const version = little ? head.readUInt16LE(124) : head.readUInt16BE(124);
  if ((!little && order !== "MI") || version !== 0x0100) {
    throw badFile(bytes.name, "this is no MATLAB 5 file.", "Check that the right file is there.");
  }
  for (let at = 128; at < bytes.size;) {
    const element = elementAt(bytes, at, little);
    if (element.start + element.size > bytes.size) throw cutOff(bytes, element.start + element.size);
    const content = partOf(bytes, bytes.name, element.start, element.size);
    if (element.type === compressedElement) {
      const start = memoryBytes(bytes.name, inflateStart(content, "zlib"));
      const inner = elementAt(start, 0, little);
      if (inner.type === matrixElement) {
        const matrix = partOf(start, bytes.name, 8, start.size - 8);
        yield {
          found: { header: readMatrix(matrix, little), total: 8 + inner.size, packed: content, plain: undefined },
          little,
        };
      }
    } else if (element.type === matrixElement) {
      yield {
        found: { header: readMatrix(content, little), total: element.size, packed: undefined, plain: content },
        little,
      };
    }
    at = element.next;
  }
}

function cutOff(bytes: Bytes, needed: number): Error {
  return badFile(
    bytes.name,
    `the file ends after ${bytes.size} bytes, but ${needed} are needed.`,
    "It is cut off or damaged; copy it again.",
  );
}

/** Shapes of all numeric arrays by name, read from headers only. @throws BasinError */
export function peekMat(bytes: Bytes): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const { found } of matrices(bytes)) {
    if (found.header.data !== undefined) shapes.set(found.header.name, found.header.shape);
  }
  return shapes;
}

/** The named numeric array. @throws BasinError when it is not there, or its numbers do not fit its shape */
export function readMatArray(bytes: Bytes, name: string): MatArray {
  const names: string[] = [];
  for (const { found, little } of matrices(bytes)) {
    const { header, packed, plain, total } = found;
    if (header.name !== name || header.data === undefined) {
      names.push(header.name);
      continue;
    }
    const content =
      plain ??
      (packed === undefined
        ? undefined
        : partOf(memoryBytes(bytes.name, inflateAll(packed, "zlib", total)), bytes.name, 8, total - 8));
    if (content === undefined) break;
    const { data, shape } = readMatrix(content, little);
    const type = storedTypes[data?.type ?? 0];
    const elements = shape.reduce((product, size) => product * size, 1);
    if (data === undefined || type === undefined || elements * sizeOf(type) !== data.size) {
      throw badFile(
        bytes.name,
        `the numbers of "${name}" do not fit its shape [${shape.join(", ")}].`,
        "It is damaged.",
      );
    }
    return { name, shape, type, little, bytes: partOf(content, bytes.name, data.start, data.size) };
  }
  throw badFile(
    bytes.name,
    `there is no numeric array "${name}".`,
    names.length === 0 ? "" : `It holds ${names.slice(0, 12).join(", ")}.`,
  );
}

/** All numbers of an array in the order of the file. */
export function matNumbers(array: MatArray): Float64Array {
  const out = new Float64Array(array.bytes.size / sizeOf(array.type));
  decodeNumbers(array.bytes.read(0, array.bytes.size), array.type, array.little, out);
  return out;
}
