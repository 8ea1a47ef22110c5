/**
 * Keeps the embeddings that trainers send: each as a NumPy file in the trial's folder, all listed in embeddings.jsonl there.
 * Invariant: a line of the list names a whole file inside the trial's folder; a name given by a trainer never leaves it. Files
 * are written at once: a trial whose end is stored after its embedding has that embedding, whatever is killed.
 */
import { appendFileSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { BasinError } from "../core/errors.ts";
import { npyOf } from "../trainers/npy.ts";
import type { TrainerEvent } from "../trainers/protocol.ts";

export type EmbeddingEvent = Extract<TrainerEvent, { readonly type: "embedding" }>;

/** One line of embeddings.jsonl. */
export interface KeptEmbedding {
  readonly name: string;
  readonly step?: number;
  /** Hash of the samples it was computed on: embeddings of different samples are never compared. */
  readonly indexHash?: string;
  /** Relative to the trial's folder. */
  readonly file: string;
}

export const embeddingList = "embeddings.jsonl";

/**
 * @param folder of the trial, absolute
 * @throws BasinError when an inline array has another size than its shape says, or a file lies elsewhere or is missing
 */
export function keepEmbedding(folder: string, event: EmbeddingEvent): KeptEmbedding {
  const { name, step, indexHash, array } = event;
  let file: string;
  if ("npy" in array) {
    file = path.relative(folder, path.resolve(folder, array.npy));
    if (file.startsWith("..") || path.isAbsolute(file))
      throw new BasinError("trainer", `The embedding "${name}" lies outside of the trial's folder: ${array.npy}.`);
    if (statSync(path.join(folder, file), { throwIfNoEntry: false })?.isFile() !== true)
      throw new BasinError("trainer", `The embedding "${name}" is not there: ${array.npy}.`);
  } else {
    const bytes = Buffer.from(array.data, "base64");
    const cells = array.shape.reduce((product, size) => product * size, 1);
    if (bytes.length !== 4 * cells)
      throw new BasinError(
        "trainer",
        `The embedding "${name}" has ${bytes.length} bytes; its shape [${array.shape.join(", ")}] needs ${4 * cells}.`,
      );
    const plain = name.replaceAll(/[^\w.-]/gu, "_").slice(0, 100);
    file = path.join("embeddings", `${plain}${step === undefined ? "" : `-${step}`}.npy`);
    const target = path.join(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(`${target}.tmp`, npyOf(array.shape, bytes));
    renameSync(`${target}.tmp`, target);
  }
  const kept: KeptEmbedding = {
    name,
    ...(step === undefined ? {} : { step }),
    ...(indexHash === undefined ? {} : { indexHash }),
    file: file.replaceAll(path.sep, "/"),
  };
  appendFileSync(path.join(folder, embeddingList), `${JSON.stringify(kept)}\n`);
  return kept;
}
