import { assert, property } from "fast-check";
import { expect, it } from "vitest";
import { commonTreeLength, treeLength } from "./spanningTree.ts";
import { asIs, matrices, type Matrix } from "./testing/matrices.ts";

/** Prim's method on the full matrix. */
function byPrim(distance: (i: number, j: number) => number, count: number): number {
  const inside = [0];
  let length = 0;
  while (inside.length < count) {
    let best = { to: -1, at: Infinity };
    for (let to = 0; to < count; to++) {
      if (inside.includes(to)) continue;
      const at = Math.min(...inside.map((from) => distance(from, to)));
      if (at < best.at) best = { to, at };
    }
    inside.push(best.to);
    length += best.at;
  }
  return length;
}

it("measures the trees of two matrices and of their minimum as Prim's method does", () => {
  assert(
    property(matrices(12), ([a, b]) => {
      const entry = (matrix: Matrix, i: number, j: number): number => matrix[i]![j]!;
      expect(treeLength(asIs(a))).toBe(byPrim((i, j) => entry(a, i, j), a.length));
      expect(commonTreeLength(asIs(a), asIs(b))).toBe(
        byPrim((i, j) => Math.min(entry(a, i, j), entry(b, i, j)), a.length),
      );
    }),
  );
});
