/** What is kept of embeddings, and what is refused; the file is read back by the trainer's own NumPy reader. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { memoryBytes } from "../trainers/tfjs/data/files/bytes.ts";
import { readNpyHeader, readNpyRows } from "../trainers/tfjs/data/files/npyArray.ts";
import { embeddingList, keepEmbedding, type EmbeddingEvent } from "./embeddingFiles.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "basin-embedding-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const values = Float32Array.of(1, -2, 0.5, 4, 5, 6);
const inline = (changes: Partial<EmbeddingEvent> = {}): EmbeddingEvent => ({
  type: "embedding",
  name: "penultimate",
  step: 3,
  indexHash: "abc",
  array: { shape: [3, 2], data: Buffer.from(values.buffer).toString("base64") },
  ...changes,
});
const listed = (): unknown[] =>
  readFileSync(path.join(folder, embeddingList), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

it("writes an inline array as a NumPy file and lists it", () => {
  const kept = keepEmbedding(folder, inline());
  expect(kept).toEqual({ name: "penultimate", step: 3, indexHash: "abc", file: "embeddings/penultimate-3.npy" });
  expect(listed()).toEqual([kept]);
  const bytes = memoryBytes(kept.file, readFileSync(path.join(folder, kept.file)));
  const array = readNpyHeader(bytes);
  expect(array.shape).toEqual([3, 2]);
  const out = new Float32Array(6);
  readNpyRows(bytes, array, 0, 3, undefined, out);
  expect(out).toEqual(values);
});

it("lists a file that the trainer wrote into the trial's folder", () => {
  writeFileSync(path.join(folder, "probe.npy"), "x");
  keepEmbedding(folder, inline({ array: { npy: "probe.npy" } }));
  keepEmbedding(folder, inline({ array: { npy: path.join(folder, "probe.npy") }, step: 4 }));
  expect(listed()).toMatchObject([
    { file: "probe.npy", step: 3 },
    { file: "probe.npy", step: 4 },
  ]);
});

it("keeps a name inside the folder, whatever it is", () => {
  const kept = keepEmbedding(folder, inline({ name: "../../a b/ü" }));
  expect(kept.file).toBe("embeddings/.._.._a_b__-3.npy");
  expect(kept.name).toBe("../../a b/ü");
  expect(readdirSync(path.join(folder, "embeddings"))).toEqual([".._.._a_b__-3.npy"]);
});

it.each([
  ["a wrong size", { array: { shape: [4, 2], data: "AAAAAA==" } }, "its shape [4, 2] needs 32"],
  ["a file elsewhere", { array: { npy: "../other.npy" } }, "outside of the trial's folder"],
  ["a missing file", { array: { npy: "gone.npy" } }, "is not there"],
] as const)("refuses %s and lists nothing", (_what, changes, words) => {
  expect(() => keepEmbedding(folder, inline(changes as Partial<EmbeddingEvent>))).toThrow(words);
  expect(readdirSync(folder)).toEqual([]);
});
