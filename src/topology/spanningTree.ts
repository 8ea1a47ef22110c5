/**
 * Minimum spanning trees of complete graphs.
 * Invariant: the length does not depend on the order of the points but for rounding.
 */

/** Length of the minimum spanning tree over condensed distances: Prim's method, O(n^2). */
export function treeLength(distances: Float64Array, count: number): number {
  const nearest = new Float64Array(count).fill(Infinity);
  const isIn = new Uint8Array(count);
  let newest = 0;
  let length = 0;
  for (let size = 1; size < count; size++) {
    isIn[newest] = 1;
    let next = -1;
    for (let k = 0; k < count; k++) {
      if (isIn[k] === 1) continue;
      const [i, j] = k > newest ? [k, newest] : [newest, k];
      const distance = distances[((i * (i - 1)) >> 1) + j]!;
      if (distance < nearest[k]!) nearest[k] = distance;
      if (next === -1 || nearest[k]! < nearest[next]!) next = k;
    }
    length += nearest[next]!;
    newest = next;
  }
  return length;
}
