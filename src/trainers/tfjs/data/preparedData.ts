/**
 * The data cache of a workspace: large data is read, checked and written once as plain rows, which all trials then read by
 * position. Small data never comes here.
 * Invariant: a file under its final name is whole (written aside, synced, renamed), and its name tells what it was made of,
 * so two trials that prepare the same data at once do no harm; whatever does not fit exactly is ignored and made again.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { endianness } from "node:os";
import path from "node:path";
import type { DataSpec } from "../../../core/study/definition.ts";
import { fileStore, type RowStore } from "./rowStore.ts";
import type { Image } from "./source.ts";

/** What is known of the rows beside the rows. */
export interface SamplesInfo {
  readonly rows: number;
  readonly testRows: number;
  readonly width: number;
  readonly type: "uint8" | "float32";
  readonly image?: Image;
  readonly classes: readonly string[];
}

export interface Prepared {
  readonly info: SamplesInfo;
  readonly targets: Float32Array;
  readonly store: RowStore;
}

/** Changes whenever the layout of the files or what is in them does. */
const version = 1;
const magic = `BASIN DATA ${version}\n`;
const alignment = 4096;
/** Prepared data that nobody has used for so long goes, ... */
const keepMs = 30 * 24 * 3600 * 1000;
/** ... and what was begun and never finished, ... */
const keepPartMs = 24 * 3600 * 1000;
/** ... and, when all of it is larger than this, what was used least recently. */
const keepBytes = 20 * 1024 ** 3;

/** A name for data read from these files with these options: it changes when a file does. */
export function preparedName(spec: DataSpec, files: readonly string[]): string {
  const hash = createHash("sha256");
  // How rows are split, scaled and augmented is decided after reading.
  const { augment: _a, standardize: _s, subset: _u, test: _t, validation: _v, ...reading } = spec;
  hash.update(`${magic}${endianness()}\n${JSON.stringify(reading, Object.keys(reading).sort())}\n`);
  for (const file of files) {
    const status = statSync(file, { bigint: true, throwIfNoEntry: false });
    hash.update(`${file}\0${status === undefined ? "none" : `${status.size}:${status.mtimeNs}:${status.ino}`}\n`);
  }
  return `${hash.digest("hex").slice(0, 32)}.rows`;
}

/** What lies in the cache under this name; undefined when there is nothing, or nothing usable. */
export function openPrepared(folder: string, name: string): Prepared | undefined {
  const file = path.join(folder, name);
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    const head = Buffer.alloc(alignment);
    const count = readSync(handle, head, 0, alignment, 0);
    const line = head.toString("utf8", 0, count).split("\n");
    if (`${line[0] ?? ""}\n` !== magic) return undefined;
    const headerBytes = Number(line[1]);
    if (!Number.isInteger(headerBytes) || headerBytes < 2 || headerBytes > 1 << 24) return undefined;
    const text = Buffer.alloc(headerBytes);
    const textStart = Buffer.byteLength(`${line[0] ?? ""}\n${line[1] ?? ""}\n`);
    if (readSync(handle, text, 0, headerBytes, textStart) !== headerBytes) return undefined;
    const info = JSON.parse(text.toString("utf8")) as SamplesInfo;
    const all = info.rows + info.testRows;
    const place = layoutOf(textStart + headerBytes, info);
    if (statSync(file).size !== place.end) return undefined;
    const targets = new Float32Array(all);
    if (readSync(handle, new Uint8Array(targets.buffer), 0, 4 * all, place.targets) !== 4 * all) return undefined;
    // A read does not reliably change the access time; this tells the last use.
    const now = new Date();
    try {
      utimesSync(file, now, now);
    } catch {
      // Somebody else's file: then it simply ages.
    }
    return { info, targets, store: fileStore(file, place.rows, { ...info, rows: all }) };
  } catch {
    return undefined;
  } finally {
    closeSync(handle);
  }
}

function layoutOf(
  headerEnd: number,
  info: SamplesInfo,
): { readonly targets: number; readonly rows: number; readonly end: number } {
  const align = (position: number): number => Math.ceil(position / alignment) * alignment;
  const all = info.rows + info.testRows;
  const targets = align(headerEnd);
  const rows = align(targets + 4 * all);
  return { targets, rows, end: rows + all * info.width * (info.type === "uint8" ? 1 : 4) };
}

function writeFully(handle: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(handle, bytes, done, bytes.length - done, position + done);
  }
}

const bytesOf = (values: Uint8Array | Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/**
 * Writes rows into the cache and opens them there.
 * @param alive called with the share that is done, between turns of the event loop
 * @throws what the file system says, when the cache cannot be written; nothing half written is left then
 */
export async function writePrepared(
  folder: string,
  name: string,
  info: SamplesInfo,
  targets: Float32Array,
  blocks: Iterable<Uint8Array | Float32Array>,
  alive: (share: number) => void,
): Promise<Prepared | undefined> {
  mkdirSync(folder, { recursive: true });
  try {
    tidy(folder);
  } catch {
    // Somebody else tidies at the same time, or may not: nothing to stop for.
  }
  const aside = path.join(folder, `${name}.${process.pid}.${randomBytes(4).toString("hex")}.part`);
  const handle = openSync(aside, "wx");
  try {
    try {
      const header = Buffer.from(JSON.stringify(info));
      const head = Buffer.concat([Buffer.from(`${magic}${header.length}\n`), header]);
      const place = layoutOf(head.length, info);
      writeFully(handle, head, 0);
      writeFully(handle, bytesOf(targets), place.targets);
      let position = place.rows;
      for (const block of blocks) {
        writeFully(handle, bytesOf(block), position);
        position += block.byteLength;
        alive((position - place.rows) / (place.end - place.rows));
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      // A rename may reach the disk before what was written.
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(aside, path.join(folder, name));
  } catch (error) {
    rmSync(aside, { force: true });
    // Where a file in use cannot be replaced, another trial was quicker with the same data.
    const others = openPrepared(folder, name);
    if (others === undefined) throw error;
    return others;
  }
  return openPrepared(folder, name);
}

/** Removes what is old, unfinished or too much. Files in use may go: who has one open keeps reading it. */
export function tidy(folder: string, now = Date.now(), limit = keepBytes): void {
  const kept: { readonly file: string; readonly size: number; readonly used: number }[] = [];
  for (const name of readdirSync(folder)) {
    if (!/\.(?:rows|part)$/.test(name)) continue;
    const file = path.join(folder, name);
    const status = statSync(file, { throwIfNoEntry: false });
    if (status === undefined) continue;
    const age = now - status.mtimeMs;
    if (age > (name.endsWith(".part") ? keepPartMs : keepMs)) remove(file);
    else if (name.endsWith(".rows")) kept.push({ file, size: status.size, used: status.mtimeMs });
  }
  let total = kept.reduce((sum, { size }) => sum + size, 0);
  for (const { file, size } of kept.sort((a, b) => a.used - b.used)) {
    if (total <= limit) break;
    remove(file);
    total -= size;
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // On Windows a file in use stays; the next tidying finds it again.
  }
}
