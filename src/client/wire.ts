/**
 * How messages look on the socket: JSON-RPC messages as MessagePack, typed arrays as one extension type, so that a column
 * of 100,000 numbers is a copy of memory and not a list.
 * Invariant: what comes out is what went in, NaN and infinities included; bytes are little-endian (every platform Basin
 * runs on is). Layout of the extension: one byte for the element type, then the elements.
 */
import type { Socket } from "node:net";
import { Decoder, Encoder, ExtData } from "@msgpack/msgpack";
import type { Message, MessageConnection } from "vscode-jsonrpc/node";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";

const typedArrayExtension = 1;
type Typed = Float64Array | Float32Array | Int32Array | Uint8Array;

function kindOf(value: unknown): number {
  if (value instanceof Float64Array) return 1;
  if (value instanceof Float32Array) return 2;
  if (value instanceof Int32Array) return 3;
  if (value instanceof Uint8Array) return 4;
  return 0;
}

const codec = {
  tryToEncode(value: unknown): ExtData | null {
    const kind = kindOf(value);
    if (kind === 0) return null;
    const array = value as Typed;
    const bytes = new Uint8Array(array.byteLength + 1);
    bytes[0] = kind;
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), 1);
    return new ExtData(typedArrayExtension, bytes);
  },
  decode(data: Uint8Array, type: number): unknown {
    if (type !== typedArrayExtension) return new ExtData(type, data);
    // Elements start at an odd offset of the message: the copy puts them where their type may stand.
    // (A Buffer's own `slice` would not copy.)
    const buffer = Uint8Array.prototype.slice.call(data, 1).buffer;
    switch (data[0] ?? 0) {
      case 1:
        return new Float64Array(buffer);
      case 2:
        return new Float32Array(buffer);
      case 3:
        return new Int32Array(buffer);
      case 4:
        return new Uint8Array(buffer);
      default:
        throw new RangeError(`unknown kind of array in a message: ${String(data[0])}`);
    }
  },
};

/** Bytes a message will need at least, so that the encoder does not grow its buffer ten times over a large column. */
function sizeHint(value: unknown, depth = 0): number {
  if (ArrayBuffer.isView(value)) return value.byteLength + 16;
  if (depth > 5 || typeof value !== "object" || value === null) return 0;
  let size = 0;
  // Columns sit in short lists; long lists are rows, which are small and grow as they are written.
  const items: unknown[] = Array.isArray(value) ? value.slice(0, 500) : Object.values(value);
  for (const item of items) size += sizeHint(item, depth + 1);
  return size;
}

/** Any message or value as bytes. O(size). */
export function encodeWire(value: unknown): Uint8Array {
  const encoder = new Encoder({
    extensionCodec: codec,
    ignoreUndefined: true,
    initialBufferSize: 2048 + sizeHint(value),
  });
  return encoder.encodeSharedRef(value);
}

/** The value that `encodeWire` was given; typed arrays own their memory. */
export function decodeWire(bytes: Uint8Array): unknown {
  return new Decoder({ extensionCodec: codec }).decode(bytes);
}

/** A JSON-RPC connection over a socket, with MessagePack bodies. The caller listens and disposes. */
export function wireConnection(socket: Socket): MessageConnection {
  const reader = new StreamMessageReader(socket, {
    contentTypeDecoder: {
      name: "application/msgpack",
      decode: (buffer) => Promise.resolve(decodeWire(buffer) as Message),
    },
  });
  const writer = new StreamMessageWriter(socket, {
    contentTypeEncoder: {
      name: "application/msgpack",
      encode: (message) => Promise.resolve(encodeWire(message)),
    },
  });
  return createMessageConnection(reader, writer);
}
