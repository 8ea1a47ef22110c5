/**
 * Which embeddings the trials of a study have sent, layer by layer.
 * Invariant: what a finished trial has sent is read once; what a running one has sent is read when asked.
 */
import { BasinError } from "../../core/errors.ts";
import { isFinal } from "../../core/trial.ts";
import type { EmbeddingLayer } from "../../protocol/topology.ts";
import { breathe } from "../clock.ts";
import type { Study } from "../study.ts";
import { embeddingsOf, type TrialEmbedding } from "./trialEmbeddings.ts";

/** Folders that are read in one turn of the event loop. */
const pieceSize = 50;

export class EmbeddingDirectory {
  readonly #study: Study;
  readonly #finished = new Map<number, readonly TrialEmbedding[]>();

  constructor(study: Study) {
    this.#study = study;
  }

  /** Of every trial that has sent any, by number. O(trials), in pieces. */
  async read(): Promise<ReadonlyMap<number, readonly TrialEmbedding[]>> {
    const { book, parts, id } = this.#study;
    await book.load();
    const found = new Map<number, readonly TrialEmbedding[]>();
    let read = 0;
    for (const { number, state, attempt } of book.trials.values()) {
      let own = this.#finished.get(number);
      if (own === undefined) {
        own = attempt === 0 ? [] : embeddingsOf(parts.workspace, id, number);
        if (isFinal(state)) this.#finished.set(number, own);
        if (++read % pieceSize === 0) await breathe();
      }
      if (own.length > 0) found.set(number, own);
    }
    return found;
  }
}

/** Layers that some trial has sent, the most sent first; of equals by name. */
export function layersOf(all: ReadonlyMap<number, readonly TrialEmbedding[]>): EmbeddingLayer[] {
  const layers = new Map<string, { trials: number; checkpoints: number }>();
  for (const own of all.values()) {
    const counts = new Map<string, number>();
    for (const { layer } of own) counts.set(layer, (counts.get(layer) ?? 0) + 1);
    for (const [layer, count] of counts) {
      const known = layers.get(layer) ?? { trials: 0, checkpoints: 0 };
      layers.set(layer, { trials: known.trials + 1, checkpoints: Math.max(known.checkpoints, count) });
    }
  }
  return [...layers]
    .map(([name, counts]) => ({ name, ...counts }))
    .toSorted((a, b) => b.trials - a.trials || (a.name < b.name ? -1 : 1));
}

/** The layer that is asked for, or the first; empty when there is none. @throws BasinError `invalid-argument` */
export function chosenLayer(layers: readonly EmbeddingLayer[], wanted: string | undefined): string {
  if (wanted === undefined) return layers[0]?.name ?? "";
  if (layers.some(({ name }) => name === wanted)) return wanted;
  throw new BasinError(
    "invalid-argument",
    `No trial has sent an embedding of "${wanted}".`,
    layers.length === 0
      ? "Ask for embeddings in the study file: `diagnostics: { rtd: {} }`."
      : `Layers there are: ${layers.map(({ name }) => name).join(", ")}.`,
  );
}
