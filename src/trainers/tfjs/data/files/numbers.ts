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

function reader(view: DataView, type: NumberType, little: boolean): (at: number) => number {
  switch (type) {
    case "bool":
      return (at) => (view.getUint8(at) === 0 ? 0 : 1);
    case "int8":
      return (at) => view.getInt8(at);
    case "uint8":
      return (at) => view.getUint8(at);
    case "int16":
      return (at) => view.getInt16(at, little);
    case "uint16":
      return (at) => view.getUint16(at, little);
    case "int32":
      return (at) => view.getInt32(at, little);
    case "uint32":
      return (at) => view.getUint32(at, little);
    case "int64": {
      const [low, high] = little ? [0, 4] : [4, 0];
      return (at) => view.getInt32(at + high, little) * 0x100000000 + view.getUint32(at + low, little);
    }
    case "uint64": {
      const [low, high] = little ? [0, 4] : [4, 0];
      return (at) => view.getUint32(at + high, little) * 0x100000000 + view.getUint32(at + low, little);
    }
    case "float16":
      return (at) => half(view.getUint16(at, little));
    case "float32":
      return (at) => view.getFloat32(at, little);
    case "float64":
      return (at) => view.getFloat64(at, little);
  }
}

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
  const read = reader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), type, little);
  for (let i = 0, at = 0; i < out.length; i++, at += size) out[i] = read(at);
}
