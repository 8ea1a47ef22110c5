/**
 * A brush being made, moved or resized on one axis, in units of that axis. Pure.
 * Invariant: the result is the axis's whole list of stretches, each inside [0, 1].
 */
import type { Stretch } from "./axisModel.ts";

export type Grip = "new" | "move" | "low" | "high";

export interface BrushDrag {
  readonly grip: Grip;
  /** The stretches that are not being dragged. */
  readonly others: readonly Stretch[];
  /** The dragged one at the start; for a new one both ends are where it began. */
  readonly from: Stretch;
  readonly startedAt: number;
}

/** What a press at `unit` takes hold of; `edge` is how near (in units) counts as on an edge. */
export function beginDrag(stretches: readonly Stretch[], unit: number, edge: number): BrushDrag {
  for (const stretch of stretches) {
    const [low, high] = stretch;
    const others = stretches.filter((s) => s !== stretch);
    if (Math.abs(unit - high) <= edge) return { grip: "high", others, from: stretch, startedAt: unit };
    if (Math.abs(unit - low) <= edge) return { grip: "low", others, from: stretch, startedAt: unit };
    if (unit > low && unit < high) return { grip: "move", others, from: stretch, startedAt: unit };
  }
  return { grip: "new", others: stretches, from: [unit, unit], startedAt: unit };
}

/** All stretches with the pointer at `unit`. */
export function dragTo({ grip, others, from, startedAt }: BrushDrag, unit: number): readonly Stretch[] {
  const clamp = (u: number): number => Math.min(1, Math.max(0, u));
  const [low, high] = from;
  const ordered = (a: number, b: number): Stretch => (a <= b ? [a, b] : [b, a]);
  if (grip === "new") return [...others, ordered(clamp(startedAt), clamp(unit))];
  if (grip === "low") return [...others, ordered(clamp(unit), high)];
  if (grip === "high") return [...others, ordered(low, clamp(unit))];
  const shift = Math.min(1 - high, Math.max(-low, unit - startedAt));
  return [...others, [low + shift, high + shift]];
}

/** The stretches without the one under `unit`; without any of them when none is there (a double-click beside clears all). */
export function clearedAt(stretches: readonly Stretch[], unit: number, edge: number): readonly Stretch[] {
  const hit = stretches.find(([low, high]) => unit >= low - edge && unit <= high + edge);
  return hit === undefined ? [] : stretches.filter((stretch) => stretch !== hit);
}
