/**
 * Which two trials the barcode is of.
 * Invariant: both have a usable embedding and they differ; what the person chose stays as long as it is possible.
 */

export type Pair = readonly [number, number];

export interface PairSource {
  /** Trial numbers. */
  readonly selected: ArrayLike<number>;
  /** Trials with a usable embedding, best first. */
  readonly usable: readonly number[];
  /** The pair the person chose in the chooser, if any. */
  readonly chosen: Pair | undefined;
}

/** Trials that the two choosers offer: the usable ones of a selection of two or more, else all usable ones. */
export function pairCandidates({ selected, usable }: Pick<PairSource, "selected" | "usable">): readonly number[] {
  const known = new Set(usable);
  const own = Array.from(selected).filter((number) => known.has(number));
  return own.length >= 2 ? own : usable;
}

/**
 * The chosen pair while both stand to choice; else the first two of the selection; else the one selected beside the best other;
 * else the two best. Undefined when fewer than two trials are usable.
 */
export function choosePair(source: PairSource): Pair | undefined {
  const { selected, usable, chosen } = source;
  const candidates = pairCandidates(source);
  if (chosen !== undefined && chosen[0] !== chosen[1] && chosen.every((number) => candidates.includes(number)))
    return chosen;
  const known = new Set(usable);
  const own = Array.from(selected).filter((number) => known.has(number));
  if (own.length >= 2) return [own[0]!, own[1]!];
  const [only] = own;
  const others = usable.filter((number) => number !== only);
  if (only !== undefined && others[0] !== undefined) return [only, others[0]];
  return usable.length >= 2 ? [usable[0]!, usable[1]!] : undefined;
}
