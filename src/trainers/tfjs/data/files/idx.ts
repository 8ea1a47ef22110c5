/**
 * The IDX format of MNIST and its relatives, plain or gzipped: a big-endian header with type and sizes, then the numbers.
 * Invariant: header and size agree exactly, or the file is refused; gzipped files are unpacked only after that is plausible.
 */
import { badFile, memoryBytes, openFile, partOf, type Bytes } from "./bytes.ts";
import { inflateAll, inflateStart } from "./inflate.ts";
import { sizeOf, type NumberType } from "./numbers.ts";

export interface IdxHeader {
  readonly shape: readonly number[];
  readonly type: NumberType;
  /** Bytes before the first number. */
  readonly offset: number;
  /** Bytes of the whole file when unpacked. */
  readonly total: number;
}

const types: Readonly<Record<number, NumberType>> = {
  0x08: "uint8",
  0x09: "int8",
  0x0b: "int16",
  0x0c: "int32",
  0x0d: "float32",
  0x0e: "float64",
};

function parseHeader(name: string, head: Buffer): IdxHeader {
  const dimensions = head[3] ?? 0;
  const type = types[head[2] ?? 0];
  if (head.length < 4 || head[0] !== 0 || head[1] !== 0 || type === undefined || dimensions < 1 || dimensions > 4) {
    throw badFile(name, "this is no IDX file: it does not begin as one.", "Check that the right file is there.");
  }
  const offset = 4 + 4 * dimensions;
  if (head.length < offset) throw badFile(name, "the file is cut off in its header.");
  const shape = Array.from({ length: dimensions }, (_, i) => head.readUInt32BE(4 + 4 * i));
  const total = offset + shape.reduce((product, size) => product * size, 1) * sizeOf(type);
  if (!Number.isSafeInteger(total))
    throw badFile(name, `the shape [${shape.join(", ")}] in its header cannot be right.`);
  return { shape, type, offset, total };
}

function isGzip(bytes: Bytes): boolean {
  if (bytes.size < 2) return false;
  const mark = bytes.read(0, 2);
  return mark[0] === 0x1f && mark[1] === 0x8b;
}

/** Type and shape, without unpacking. @throws BasinError */
export function peekIdx(root: string, shown: string): IdxHeader {
  const file = openFile(root, shown);
  try {
    if (isGzip(file)) return parseHeader(shown, inflateStart(file, "gzip"));
    const header = parseHeader(shown, file.read(0, Math.min(file.size, 20)));
    checkSize(shown, header, file.size);
    return header;
  } finally {
    file.close();
  }
}

function checkSize(name: string, { shape, total }: IdxHeader, size: number): void {
  if (size === total) return;
  throw badFile(
    name,
    `its shape [${shape.join(", ")}] needs ${total} bytes, but the file has ${size}.`,
    "It is cut off or damaged; copy it again.",
  );
}

/** Header and numbers. The caller closes `bytes`. @throws BasinError */
export function openIdx(root: string, shown: string): { readonly header: IdxHeader; readonly bytes: Bytes } {
  const file = openFile(root, shown);
  try {
    if (isGzip(file)) {
      const header = parseHeader(shown, inflateStart(file, "gzip"));
      const content = inflateAll(file, "gzip", header.total);
      file.close();
      return { header, bytes: memoryBytes(shown, content.subarray(header.offset)) };
    }
    const header = parseHeader(shown, file.read(0, Math.min(file.size, 20)));
    checkSize(shown, header, file.size);
    return { header, bytes: partOf(file, shown, header.offset, header.total - header.offset) };
  } catch (error) {
    file.close();
    throw error;
  }
}
