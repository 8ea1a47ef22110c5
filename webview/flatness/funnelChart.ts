/**
 * FGHPO's funnel: a column a stage, as high as it has configurations, narrowing to the best.
 * Invariant: heights are counts on one scale; a stage with any configuration is seen.
 */
import type { TemplateResult } from "lit";
import { clipped, fontOf, type Rect } from "../shared/axes.ts";
import { CanvasChart, type PlotEvents } from "../shared/canvasChart.ts";
import type { Ink } from "../shared/ink.ts";
import { cursorMove } from "../shared/keyboardCursor.ts";
import type { Painter } from "../shared/progressive.ts";
import { heardTable } from "../shared/srTable.ts";
import type { Topic } from "../shared/store.ts";
import { theme } from "../shared/theme.ts";
import { csvTable } from "../table/exportText.ts";
import type { Funnel } from "./funnelModel.ts";

export class FunnelChart extends CanvasChart {
  static override properties = { funnel: { attribute: false } };
  declare funnel: Funnel;
  readonly chartName = "fghpo-funnel";

  /** The bar of each stage. */
  private columns: readonly Rect[] = [];
  private cursor = -1;

  protected topics(): readonly Topic[] {
    return ["selected"];
  }

  protected layerNames(): readonly string[] {
    return ["stages", "top"];
  }

  protected override drawnFrom(): readonly string[] {
    return ["funnel"];
  }

  protected plotLabel(): string {
    return "Configurations by stage. Left and right move between stages, Enter selects the trials of one.";
  }

  protected plotEvents(): PlotEvents {
    return {
      pointermove: (event) => this.show(this.at(event), true),
      pointerleave: () => this.show(-1, true),
      click: this.onClick,
      keydown: this.onKey,
    };
  }

  protected override heard(): TemplateResult {
    return heardTable({
      caption: "Configurations by stage",
      rowHeads: true,
      rows: this.funnel.stages.map(({ label, numbers }) => [label, numbers.length]),
    });
  }

  protected layout(): void {
    const { stages } = this.funnel;
    const line = theme().fontSize;
    const [top, bottom] = [line * 2.2, this.height - line * 3.2];
    const most = Math.max(1, ...stages.map(({ numbers }) => numbers.length));
    const pitch = (this.width - 24) / Math.max(1, stages.length - 0.4);
    const middle = (top + bottom) / 2;
    this.columns = stages.map(({ numbers }, i) => {
      const half = numbers.length === 0 ? 0 : Math.max(1.5, ((bottom - top) * numbers.length) / most / 2);
      const left = 12 + i * pitch;
      return { left, right: left + pitch * 0.42, top: middle - half, bottom: middle + half };
    });
  }

  protected *paint(layer: string, ink: Ink): Painter {
    const colors = theme();
    const { stages } = this.funnel;
    if (layer === "top") {
      this.paintTop(ink);
      return;
    }
    for (const [i, column] of this.columns.entries()) {
      const next = this.columns[i + 1];
      const { left, right, top, bottom } = column;
      ink.fillStyle = colors.accent;
      if (next !== undefined && next.bottom > next.top) {
        ink.globalAlpha = 0.22;
        ink.beginPath();
        ink.moveTo(right, top);
        ink.lineTo(next.left, next.top);
        ink.lineTo(next.left, next.bottom);
        ink.lineTo(right, bottom);
        ink.closePath();
        ink.fill();
        ink.globalAlpha = 1;
      }
      ink.fillRect(left, top, right - left, bottom - top);
      const { label, numbers } = stages[i]!;
      const room = (next?.left ?? this.width) - left - 8;
      ink.textAlign = "left";
      ink.textBaseline = "alphabetic";
      ink.font = fontOf(colors, 1.2, "600");
      ink.fillStyle = colors.foreground;
      const base = this.height - colors.fontSize * 1.7;
      const count = label === "best" && numbers.length === 1 ? `#${numbers[0]}` : String(numbers.length);
      ink.fillText(count, left, base);
      ink.font = fontOf(colors, 0.92);
      ink.fillStyle = colors.muted;
      ink.fillText(clipped(ink, label, room), left, base + colors.fontSize * 1.3);
      const after = stages[i + 1]?.numbers.length ?? 0;
      const lost = after === 0 ? 0 : numbers.length - after;
      if (next === undefined || lost <= 0) continue;
      ink.textAlign = "center";
      ink.fillText(clipped(ink, `−${lost}`, next.left - right), (right + next.left) / 2, colors.fontSize * 1.4);
    }
    yield;
  }

  private paintTop(ink: Ink): void {
    const column = this.columns[this.cursor];
    if (column === undefined) return;
    ink.strokeStyle = theme().foreground;
    ink.lineWidth = 2;
    ink.strokeRect(column.left - 2, column.top - 2, column.right - column.left + 4, column.bottom - column.top + 4);
  }

  protected csv(): string {
    const { stages, reasons } = this.funnel;
    const rows = function* (): Generator<readonly string[]> {
      for (const { label, numbers } of stages) for (const number of numbers) yield [label, String(number), ""];
      for (const { example, numbers } of reasons)
        for (const number of numbers) yield ["discarded", String(number), example];
    };
    return csvTable(["stage", "number", "reason"], rows());
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private show(at: number, byPointer: boolean): void {
    this.cursor = at;
    this.invalidate("top");
    const stage = this.funnel.stages[at];
    const column = this.columns[at];
    if (stage === undefined || column === undefined) this.tell("", 0, 0, byPointer);
    else
      this.tell(
        `${stage.numbers.length} ${stage.label}${stage.numbers.length === 0 ? "" : `: ${named(stage.numbers)}`}`,
        column.left,
        column.top,
        byPointer,
      );
  }

  private at(event: MouseEvent): number {
    const [x] = this.pointOf(event);
    return this.columns.findIndex(({ left, right }) => x >= left && x <= right);
  }

  private choose(at: number): void {
    const stage = this.funnel.stages[at];
    if (stage !== undefined) this.store.select(stage.numbers);
  }

  private readonly onClick = (event: MouseEvent): void => {
    const at = this.at(event);
    if (at >= 0) this.choose(at);
    else this.store.select([]);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const target = cursorMove(event.key, this.cursor, this.funnel.stages.length, "horizontal");
    if (target !== undefined) this.show(target, false);
    else if ((event.key === "Enter" || event.key === " ") && this.cursor >= 0) this.choose(this.cursor);
    else return;
    event.preventDefault();
  };
}

function named(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 8).map((number) => `#${number}`);
  return numbers.length > shown.length ? `${shown.join(" ")} …` : shown.join(" ");
}

customElements.define("basin-fghpo-funnel", FunnelChart);
