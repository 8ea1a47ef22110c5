/** Trials whose embedding cannot be scored, by the reason, in words. Invariant: every such trial is counted exactly once. */
import { embeddingStatuses, type EmbeddingColumns, type EmbeddingStatus } from "../../src/protocol/topology.ts";

/** What is wrong, for people; empty: nothing is. */
export const flagWords: Readonly<Record<EmbeddingStatus, string>> = {
  scored: "",
  waiting: "",
  missing: "",
  collapsed: "collapsed to one point",
  "not-finite": "NaN or infinite",
  "wrong-size": "another number of samples",
  "other-samples": "other samples",
};

export interface FlaggedGroup {
  readonly status: EmbeddingStatus;
  readonly words: string;
  readonly numbers: readonly number[];
}

export function flagged({ number, status }: Pick<EmbeddingColumns, "number" | "status">): readonly FlaggedGroup[] {
  const groups = new Map<EmbeddingStatus, number[]>();
  for (let i = 0; i < number.length; i++) {
    const name = embeddingStatuses[status[i]!] ?? "missing";
    if (flagWords[name] === "") continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [number[i]!]);
    else group.push(number[i]!);
  }
  return [...groups].map(([name, numbers]) => ({ status: name, words: flagWords[name], numbers }));
}

/** Trials whose embedding can be compared. */
export function usableTrials({ number, status }: Pick<EmbeddingColumns, "number" | "status">): readonly number[] {
  return [...number].filter((_, i) => {
    const name = embeddingStatuses[status[i]!];
    return name === "scored" || name === "waiting";
  });
}
