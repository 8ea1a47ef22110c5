/**
 * What both pictures of a plane of the loss share: whose it is, its scale, what is said of a place, its data.
 * Invariant: what is said is a computed loss, and the title tells how many are no number.
 */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { PlaneValues } from "../../src/core/flatness.ts";
import { formatNumber } from "../../src/core/format.ts";
import { CanvasChart } from "../shared/canvasChart.ts";
import type { Scale } from "../shared/scales.ts";
import type { Topic } from "../shared/store.ts";
import { planeCsv, planeTable } from "./planeText.ts";

export abstract class PlaneChart extends CanvasChart {
  static override properties: PropertyDeclarations = {
    plane: { attribute: false },
    scale: { attribute: false },
    name: { type: String },
  };
  declare plane: PlaneValues;
  /** Of losses, shared with what it is compared with. */
  declare scale: Scale;
  /** Whose plane it is. */
  declare name: string;

  protected topics(): readonly Topic[] {
    return [];
  }

  protected override drawnFrom(): readonly string[] {
    return ["plane", "scale"];
  }

  protected override heard(): TemplateResult {
    return planeTable(this.plane, this.name);
  }

  protected csv(): string {
    return planeCsv(this.plane);
  }

  /** ", log (2 losses are no number)": what stands behind the word loss in the title. */
  protected get lossNote(): string {
    const missing = this.plane.losses.filter((loss) => !Number.isFinite(loss)).length;
    return `${this.scale.log ? ", log" : ""}${missing === 0 ? "" : ` (${missing} losses are no number)`}`;
  }

  /** What is said of the place i along the first direction and j along the second. */
  protected describe(i: number, j: number): string {
    const { positions, losses } = this.plane;
    const loss = losses[i * positions.length + j]!;
    const value = Number.isNaN(loss) ? "is no number" : formatNumber(loss);
    return `${formatNumber(positions[i]!)}, ${formatNumber(positions[j]!)} · loss ${value}`;
  }
}
