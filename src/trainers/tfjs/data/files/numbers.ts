/**
 * Numbers as files hold them: any usual type, either byte order, into float64 or float32.
 * Invariant: every value is the nearest one the target can hold; whole numbers of 64 bits are rounded once.
 */
import { endianness } from "node:os";

export type NumberType =
  | "bool"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float16"
  | "float32"
  | "float64";

const sizes: Readonly<Record<NumberType, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};

/** Bytes a number of this type takes. */
export function sizeOf(type: NumberType): number {
  return sizes[type];
}

const nativeLittle = endianness() === "LE";

/** IEEE 754 half precision. */
function half(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

type Reader = (view: DataView, at: number, little: boolean) => number;

const readers: Readonly<Record<NumberType, Reader>> = {
  bool: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  int16: (view, at, little) => view.getInt16(at, little),
  uint16: (view, at, little) => view.getUint16(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
  int64: (view, at, little) =>
    view.getInt32(at + (little ? 4 : 0), little) * 0x100000000 + view.getUint32(at + (little ? 0 : 4), little),
  uint64: (view, at, little) =>
    view.getUint32(at + (little ? 4 : 0), little) * 0x100000000 + view.getUint32(at + (little ? 0 : 4), little),
  float16: (view, at, little) => half(view.getUint16(at, little)),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
};

/** Decodes `out.length` numbers from the start of `bytes`. */
export function decodeNumbers(
  bytes: Uint8Array,
  type: NumberType,
  little: boolean,
  out: Float32Array | Float64Array,
): void {
  if (type === "uint8") {
    for (let i = 0; i < out.length; i++) out[i] = bytes[i]!;
    return;
  }
  if (type === "float32" && out instanceof Float32Array && little === nativeLittle) {
    new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes.subarray(0, out.byteLength));
    return;
  }
  const size = sizes[type];
  const read = readers[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0, at = 0; i < out.length; i++, at += size) out[i] = read(view, at, little);
}
