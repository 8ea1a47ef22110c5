/**
 * Makes an engine's answer fit for `postMessage` to a webview.
 * Invariant: every binary value that leaves here is a plain typed array over a buffer of its own: VS Code posts those as they
 * are, while a Node Buffer would arrive as a slow object and a view into a large buffer would drag all of it along.
 */

const typedArrays = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
} as const;

type TypedArrayName = keyof typeof typedArrays;

/** A copy of `value` with owned typed arrays; what owns its buffer already is passed through. O(size). */
export function ownArrays(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return ownArray(value);
  if (Array.isArray(value)) return value.map(ownArrays);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, ownArrays(entry)]));
  }
  return value;
}

function ownArray(view: ArrayBufferView): ArrayBufferView {
  const name = view.constructor.name;
  const known = Object.hasOwn(typedArrays, name);
  if (known && view.byteOffset === 0 && view.byteLength === view.buffer.byteLength) return view;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  return known ? new typedArrays[name as TypedArrayName](bytes.buffer) : bytes;
}
