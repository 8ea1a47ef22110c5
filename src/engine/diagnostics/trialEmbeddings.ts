/**
 * The embeddings of a study's trials as their files say: which layers there are, with how many samples of which kind.
 * Invariant: only headers are read here, never the numbers; a file that cannot be used has a status that says so.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { isCode, trialFolderOf } from "../../client/workspaceFiles.ts";
import { BasinError } from "../../core/errors.ts";
import type { EmbeddingStatus } from "../../protocol/topology.ts";
import { type Bytes, openFile } from "../../trainers/tfjs/data/files/bytes.ts";
import { readNpyHeader } from "../../trainers/tfjs/data/files/npyArray.ts";
import { embeddingList, type KeptEmbedding } from "../embeddingFiles.ts";

/** One embedding of one trial. */
export interface TrialEmbedding {
  readonly number: number;
  readonly layer: string;
  /** Step of the weights; -1 when the trainer did not say. */
  readonly step: number;
  /** Absolute path of its .npy file. */
  readonly file: string;
  readonly indexHash: string | undefined;
}

export interface EmbeddingShape {
  readonly count: number;
  readonly width: number;
}

/**
 * All that a trial has sent, each layer by increasing step; what was sent twice for a step counts once, the later one.
 * Empty when there is none. O(embeddings), one small file.
 */
export function embeddingsOf(workspace: string, studyId: number, number: number): TrialEmbedding[] {
  const folder = trialFolderOf(workspace, studyId, number);
  let text: string;
  try {
    text = readFileSync(path.join(folder, embeddingList), "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return [];
    throw error;
  }
  const found = new Map<string, TrialEmbedding>();
  for (const line of text.split("\n")) {
    const kept = parsed(line);
    if (kept === undefined) continue;
    const step = kept.step ?? -1;
    const file = path.join(folder, kept.file);
    found.set(JSON.stringify([kept.name, step]), { number, layer: kept.name, step, file, indexHash: kept.indexHash });
  }
  return [...found.values()].toSorted((a, b) => a.step - b.step);
}

/** A line that was cut off by a kill says nothing. */
function parsed(line: string): KeptEmbedding | undefined {
  if (!line.endsWith("}")) return undefined;
  try {
    const value = JSON.parse(line) as KeptEmbedding;
    return typeof value.name === "string" && typeof value.file === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Rows and columns of an embedding, later axes taken together; undefined when the file is missing or is none. */
export function shapeOf(embedding: TrialEmbedding): EmbeddingShape | undefined {
  let bytes: Bytes | undefined;
  try {
    bytes = openFile(path.dirname(embedding.file), path.basename(embedding.file));
    const [count = 0, ...rest] = readNpyHeader(bytes).shape;
    return { count, width: rest.reduce((product, length) => product * length, 1) };
  } catch (error) {
    if (error instanceof BasinError) return undefined;
    throw error;
  } finally {
    bytes?.close();
  }
}

/** What all embeddings of a layer are held against: the first one that could be used. */
export interface Probe {
  readonly count: number;
  readonly indexHash: string | undefined;
}

/** Whether an embedding can be compared with those of this probe, as far as its header tells. */
export function statusOf(
  embedding: TrialEmbedding | undefined,
  shape: EmbeddingShape | undefined,
  probe: Probe | undefined,
): EmbeddingStatus | "usable" {
  if (embedding === undefined || shape === undefined) return "missing";
  if (probe === undefined) return "usable";
  if (shape.count !== probe.count) return "wrong-size";
  return embedding.indexHash === probe.indexHash ? "usable" : "other-samples";
}
