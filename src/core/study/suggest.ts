/**
 * "Did you mean": the known word nearest to what was written.
 * Invariant: deterministic; case, `-` and `_` count as no difference.
 */

function normal(word: string): string {
  return word.toLowerCase().replace(/[-_.\s]/g, "");
}

/** Optimal string alignment distance (insert, delete, replace, swap neighbours). O(a b). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? a.length;
}

/** The nearest of `known`, if it is near enough to be meant (a third of the letters, at least one slip). */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const target = normal(word).slice(0, 80);
  if (target === "") return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const other = normal(candidate);
    const longer = Math.max(target.length, other.length);
    const limit = longer < 3 ? 0 : Math.max(1, Math.floor(longer / 3));
    if (Math.abs(target.length - other.length) > limit && !abbreviates(other, target)) continue;
    const distance = abbreviates(other, target) ? 1 : editDistance(target, other);
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** An abbreviation of at least three letters counts as one slip: "max" for "maximize", "integer" for "int". */
function abbreviates(long: string, short: string): boolean {
  return (short.length >= 3 && long.startsWith(short)) || (long.length >= 3 && short.startsWith(long));
}

/** " Did you mean `x`?" or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const found = nearest(word, known);
  return found === undefined || found === word ? "" : ` Did you mean \`${found}\`?`;
}
