/** Arrays as NumPy files. Invariant: what it writes is version 1.0 of the format, which every reader knows. */

/** Little-endian float32, row-major, as a NumPy file. */
export function npyOf(shape: readonly number[], values: Uint8Array): Buffer {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dimensions}), }`;
  // The whole header, the ten bytes before it and the line end included, is a multiple of 64 bytes.
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.alloc(10);
  start.write("\x93NUMPY\x01\x00", "latin1");
  start.writeUInt16LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(padded, "latin1"), values]);
}
