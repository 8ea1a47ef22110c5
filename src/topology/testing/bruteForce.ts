/**
 * The barcode by the textbook, for tests: the mapping cone of R(a) into R(min) as a filtered complex, its boundary matrix
 * reduced column by column. Invariant: shares nothing with the walk but the definition. For a dozen points.
 */

interface Simplex {
  readonly time: number;
  readonly dimension: number;
  readonly vertices: readonly number[];
}

/** Bars [birth, death] of H1(R(min(a, b)), R(a)), by death and birth; full symmetric matrices. O(n^9) at worst. */
export function bruteForceBars(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  const n = a.length;
  const least = (i: number, j: number): number => Math.min(a[i]![j]!, b[i]![j]!);
  const simplices: Simplex[] = [{ time: 0, dimension: 0, vertices: [n] }];
  for (let i = 0; i < n; i++) {
    // The apex is joined to every vertex from the start, and to an edge when R(a) has it.
    simplices.push({ time: 0, dimension: 0, vertices: [i] }, { time: 0, dimension: 1, vertices: [i, n] });
    for (let j = 0; j < i; j++) {
      simplices.push({ time: least(i, j), dimension: 1, vertices: [j, i] });
      simplices.push({ time: a[i]![j]!, dimension: 2, vertices: [j, i, n] });
      for (let k = 0; k < j; k++)
        simplices.push({
          time: Math.max(least(i, j), least(i, k), least(j, k)),
          dimension: 2,
          vertices: [k, j, i],
        });
    }
  }
  simplices.sort((p, q) => p.time - q.time || p.dimension - q.dimension);
  const places = new Map(simplices.map(({ vertices }, place) => [vertices.join(), place]));
  const bars: number[][] = [];
  const owners = new Map<number, Set<number>>();
  for (const { time, dimension, vertices } of simplices) {
    if (dimension === 0) continue;
    const column = new Set(vertices.map((_, k) => places.get(vertices.toSpliced(k, 1).join())!));
    for (let low = Math.max(...column); column.size > 0; low = Math.max(...column)) {
      const owner = owners.get(low);
      if (owner === undefined) {
        owners.set(low, column);
        if (dimension === 2 && time > simplices[low]!.time) bars.push([simplices[low]!.time, time]);
        break;
      }
      for (const row of owner) if (!column.delete(row)) column.add(row);
    }
  }
  return bars.sort((p, q) => p[1]! - q[1]! || p[0]! - q[0]!);
}
