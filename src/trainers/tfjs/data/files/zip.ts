/**
 * Members of a zip archive by name: stored ones are read in place, deflated ones into memory.
 * Invariant: sizes come from the central directory and are held against the file before anything is allocated.
 * Format: PKWARE APPNOTE 6.3, sections 4.3 and 4.5.3 (zip64).
 */
import { badFile, partOf, type Bytes } from "./bytes.ts";

export interface ZipMember {
  readonly name: string;
  readonly method: "stored" | "deflated";
  /** As it lies in the archive. */
  readonly bytes: Bytes;
  /** Bytes when unpacked. */
  readonly size: number;
  /** CRC-32 of the unpacked bytes. */
  readonly checksum: number;
}

const endMark = 0x06054b50;
const end64Mark = 0x06064b50;
const locator64Mark = 0x07064b50;
const centralMark = 0x02014b50;
const localMark = 0x04034b50;

/** The directory of the archive. @throws BasinError for what is no zip file or damaged */
export function readZip(bytes: Bytes): ZipMember[] {
  const broken = (what: string): Error =>
    badFile(bytes.name, `the zip archive is damaged: ${what}.`, "It is cut off or damaged; copy it again.");
  const tailSize = Math.min(bytes.size, 22 + 0xffff);
  const tailStart = bytes.size - tailSize;
  const tail = bytes.read(tailStart, tailSize);
  let end = tailSize - 22;
  while (end >= 0 && (tail.readUInt32LE(end) !== endMark || end + 22 + tail.readUInt16LE(end + 20) !== tailSize)) end--;
  if (end < 0) {
    throw badFile(
      bytes.name,
      "this is no zip archive, or it is cut off: its directory is missing.",
      "Write it with numpy.savez, or copy it again.",
    );
  }
  let entries = tail.readUInt16LE(end + 10);
  let size = tail.readUInt32LE(end + 12);
  let start = tail.readUInt32LE(end + 16);
  if (entries === 0xffff || size === 0xffffffff || start === 0xffffffff) {
    const at = tailStart + end - 20;
    if (at < 0) throw broken("a part of its directory is missing");
    const locator = bytes.read(at, 20);
    if (locator.readUInt32LE(0) !== locator64Mark) throw broken("a part of its directory is missing");
    const record = bytes.read(Number(locator.readBigUInt64LE(8)), 56);
    if (record.readUInt32LE(0) !== end64Mark) throw broken("a part of its directory is missing");
    entries = Number(record.readBigUInt64LE(32));
    size = Number(record.readBigUInt64LE(40));
    start = Number(record.readBigUInt64LE(48));
  }
  // Every entry takes 46 bytes at least: no loop longer than the directory.
  if (start + size > bytes.size || entries * 46 > size) throw broken("its directory lies outside of it");
  const directory = bytes.read(start, size);
  const members: ZipMember[] = [];
  for (let i = 0, at = 0; i < entries; i++) {
    if (at + 46 > size || directory.readUInt32LE(at) !== centralMark) throw broken(`entry ${i + 1} cannot be read`);
    const nameLength = directory.readUInt16LE(at + 28);
    const extraLength = directory.readUInt16LE(at + 30);
    const next = at + 46 + nameLength + extraLength + directory.readUInt16LE(at + 32);
    if (next > size) throw broken(`entry ${i + 1} cannot be read`);
    const flags = directory.readUInt16LE(at + 8);
    const method = directory.readUInt16LE(at + 10);
    const checksum = directory.readUInt32LE(at + 16);
    const name = directory.toString("utf8", at + 46, at + 46 + nameLength);
    const place = {
      packed: directory.readUInt32LE(at + 20),
      unpacked: directory.readUInt32LE(at + 24),
      header: directory.readUInt32LE(at + 42),
    };
    readExtra64(directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength), place);
    at = next;
    if ((flags & 1) !== 0) throw badFile(bytes.name, `${name} is encrypted.`);
    if (method !== 0 && method !== 8) throw badFile(bytes.name, `${name} is compressed by a method that is not known.`);
    if (method === 0 && place.packed !== place.unpacked) throw broken(`the sizes of ${name} do not fit`);
    if (place.header + 30 > bytes.size) throw broken(`${name} lies outside of it`);
    const local = bytes.read(place.header, 30);
    if (local.readUInt32LE(0) !== localMark) throw broken(`${name} cannot be found`);
    const content = place.header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
    if (!Number.isSafeInteger(place.packed) || content + place.packed > bytes.size)
      throw broken(`${name} lies outside of it`);
    members.push({
      name,
      method: method === 0 ? "stored" : "deflated",
      bytes: partOf(bytes, `${bytes.name}, ${name}`, content, place.packed),
      size: place.unpacked,
      checksum,
    });
  }
  return members;
}

/** Sizes that do not fit into 32 bits stand in the extra field 1, in this order. */
function readExtra64(extra: Buffer, place: { packed: number; unpacked: number; header: number }): void {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) {
      let value = at + 4;
      const until = Math.min(extra.length, value + length);
      for (const key of ["unpacked", "packed", "header"] as const) {
        if (place[key] !== 0xffffffff || value + 8 > until) continue;
        place[key] = Number(extra.readBigUInt64LE(value));
        value += 8;
      }
    }
    at += 4 + length;
  }
}
