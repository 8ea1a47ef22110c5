/**
 * A plane of the loss as a surface that can be turned by dragging or with the arrow keys.
 * Invariant: it turns only while someone turns it; faces with a corner that is no number are left out.
 */
import type { PropertyDeclarations, PropertyValues } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { clipped, fontOf } from "../shared/axes.ts";
import { amountCss, inkOnAmount } from "../shared/amountScale.ts";
import type { PlotEvents } from "../shared/canvasChart.ts";
import { haloedRing } from "../shared/emphasis.ts";
import type { Ink } from "../shared/ink.ts";
import type { MenuItem } from "../shared/menu.ts";
import type { Painter } from "../shared/progressive.ts";
import { theme, type Theme } from "../shared/theme.ts";
import { PlaneChart } from "./planeChart.ts";
import {
  cameraFor,
  defaultViewpoint,
  paintOrder,
  pickPoint,
  turned,
  type Camera,
  type ProjectedPoint,
  type Viewpoint,
} from "./projection.ts";

const facesPerPiece = 400;
const degreesAKey = 5;
const degreesAPixel = 0.5;
const hitReach = 14;

/** `turn`: CustomEvent<Viewpoint>; whoever holds the view passes it on, so that two surfaces turn together. */
export class SurfaceChart extends PlaneChart {
  static override properties: PropertyDeclarations = { viewpoint: { attribute: false } };
  declare viewpoint: Viewpoint;
  readonly chartName = "loss-surface";

  private camera: Camera | undefined;
  private points: readonly ProjectedPoint[] = [];
  private order: Int32Array = new Int32Array(0);
  private top = 0;
  private picked = -1;
  private drag: { x: number; y: number } | undefined;

  constructor() {
    super();
    this.viewpoint = defaultViewpoint;
  }

  protected layerNames(): readonly string[] {
    return ["surface", "top"];
  }

  protected override drawnFrom(): readonly string[] {
    return [...super.drawnFrom(), "viewpoint"];
  }

  protected override renewed(changed: PropertyValues): void {
    this.picked = -1;
    if (changed.has("plane")) this.placeTip("", 0, 0);
  }

  protected plotLabel(): string {
    return `Loss around the weights of ${this.name} as a surface. Arrow keys turn it, Home turns it back; the contour view gives values by keyboard.`;
  }

  protected plotEvents(): PlotEvents {
    return {
      pointerdown: this.onDown,
      pointermove: this.onMove,
      pointerup: this.onUp,
      pointercancel: this.onUp,
      pointerleave: () => this.pick(-1),
      dblclick: () => this.turn(defaultViewpoint),
      keydown: this.onKey,
    };
  }

  override get menuItems(): readonly MenuItem[] {
    return [{ label: "Turn Back", run: () => this.turn(defaultViewpoint) }, ...super.menuItems];
  }

  private turn(viewpoint: Viewpoint): void {
    this.dispatchEvent(new CustomEvent<Viewpoint>("turn", { detail: viewpoint }));
  }

  /** Height of a loss in [0, 1]; NaN where it is none. */
  private heightOf(loss: number): number {
    return Number.isFinite(loss) ? Math.min(1, Math.max(0, this.scale.toUnit(loss))) : Number.NaN;
  }

  protected layout(): void {
    const { positions, losses } = this.plane;
    const n = positions.length;
    const line = theme().fontSize;
    this.top = line * 2;
    const margin = 40;
    const camera = cameraFor(
      this.viewpoint,
      Math.max(40, this.width - 2 * margin),
      Math.max(40, this.height - this.top - line * 2.4),
    );
    this.camera = {
      project: (x, y, z) => {
        const point = camera.project(x, y, z);
        return { ...point, x: point.x + margin, y: point.y + this.top };
      },
    };
    const place = (k: number): number => k / Math.max(1, n - 1) - 0.5;
    this.points = losses.map((loss, at) =>
      this.camera!.project(place(Math.floor(at / n)), -place(at % n), this.heightOf(loss)),
    );
    this.order = paintOrder(this.points, n);
  }

  protected *paint(layer: string, ink: Ink): Painter {
    const colors = theme();
    if (layer === "top") {
      this.paintTop(ink, colors);
      return;
    }
    this.paintFrame(ink, colors);
    const { positions, losses } = this.plane;
    const n = positions.length;
    ink.lineWidth = 0.7;
    ink.lineJoin = "round";
    for (const [at, cell] of this.order.entries()) {
      const [i, j] = [Math.floor(cell / (n - 1)), cell % (n - 1)];
      const ids = [i * n + j, (i + 1) * n + j, (i + 1) * n + j + 1, i * n + j + 1];
      const unit = ids.reduce((sum, id) => sum + this.heightOf(losses[id]!), 0) / 4;
      if (Number.isNaN(unit)) continue;
      ink.fillStyle = amountCss(unit, colors.ground);
      ink.strokeStyle = inkOnAmount(unit, colors.ground);
      ink.beginPath();
      ids.forEach((id, k) =>
        k === 0
          ? ink.moveTo(this.points[id]!.x, this.points[id]!.y)
          : ink.lineTo(this.points[id]!.x, this.points[id]!.y),
      );
      ink.closePath();
      ink.fill();
      ink.globalAlpha = 0.35;
      ink.stroke();
      ink.globalAlpha = 1;
      if (at % facesPerPiece === facesPerPiece - 1) yield;
    }
  }

  /** The floor, its axes, and the height with its values at the leftmost corner. */
  private paintFrame(ink: Ink, colors: Theme): void {
    const { camera } = this;
    if (camera === undefined) return;
    const { positions } = this.plane;
    ink.font = fontOf(colors);
    ink.textAlign = "left";
    ink.textBaseline = "alphabetic";
    ink.fillStyle = colors.foreground;
    const title = `${this.name}: height is the loss${this.lossNote}`;
    ink.fillText(clipped(ink, title, this.width - 8), 4, colors.fontSize * 1.2);
    const corners = [
      [-0.5, -0.5],
      [0.5, -0.5],
      [0.5, 0.5],
      [-0.5, 0.5],
    ] as const;
    const floor = corners.map(([x, y]) => camera.project(x, y, 0));
    ink.strokeStyle = colors.muted;
    ink.lineWidth = 1;
    ink.beginPath();
    floor.forEach(({ x, y }, k) => (k === 0 ? ink.moveTo(x, y) : ink.lineTo(x, y)));
    ink.closePath();
    ink.stroke();
    const leftmost = floor.reduce((best, point, k) => (point.x < floor[best]!.x ? k : best), 0);
    const [cx, cy] = corners[leftmost]!;
    const [foot, head] = [camera.project(cx, cy, 0), camera.project(cx, cy, 1)];
    ink.beginPath();
    ink.moveTo(foot.x, foot.y);
    ink.lineTo(head.x, head.y);
    ink.stroke();
    ink.font = fontOf(colors, 0.85);
    ink.fillStyle = colors.muted;
    ink.textAlign = "right";
    ink.textBaseline = "middle";
    for (const { value, label } of this.scale.ticks(4)) {
      const { x, y } = camera.project(cx, cy, this.heightOf(value));
      ink.fillText(label, x - 6, y);
    }
    ink.textBaseline = "top";
    const reach = formatNumber(positions.at(-1) ?? 1);
    // Each direction is named along its nearer side.
    for (const direction of [1, 2] as const) {
      const sides = [-0.5, 0.5].map((side) =>
        direction === 1 ? camera.project(0, side, 0) : camera.project(side, 0, 0),
      );
      const near = sides[0]!.depth > sides[1]!.depth ? sides[0]! : sides[1]!;
      const middle = camera.project(0, 0, 0);
      const away = 20 / Math.max(1, Math.hypot(near.x - middle.x, near.y - middle.y));
      const text = `direction ${direction} (±${reach})`;
      // Beside the edge, on the side where its text runs away from the floor.
      ink.textAlign = near.x < middle.x ? "right" : "left";
      ink.fillText(text, near.x + (near.x - middle.x) * away, near.y + (near.y - middle.y) * away);
    }
  }

  private paintTop(ink: Ink, colors: Theme): void {
    const point = this.points[this.picked];
    if (point !== undefined) haloedRing(ink, colors, colors.foreground, point.x, point.y, 5);
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private pick(at: number): void {
    this.picked = at;
    this.invalidate("top");
    const point = this.points[at];
    const n = this.plane.positions.length;
    if (point === undefined) this.tell("", 0, 0, true);
    else this.tell(this.describe(Math.floor(at / n), at % n), point.x, point.y, true);
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.plot?.setPointerCapture(event.pointerId);
    const [x, y] = this.pointOf(event);
    this.drag = { x, y };
    this.pick(-1);
  };

  private readonly onMove = (event: PointerEvent): void => {
    const [x, y] = this.pointOf(event);
    if (this.drag === undefined) {
      this.pick(pickPoint(this.points, x, y, hitReach));
      return;
    }
    const { x: fromX, y: fromY } = this.drag;
    this.drag = { x, y };
    this.turn(turned(this.viewpoint, (fromX - x) * degreesAPixel, (y - fromY) * degreesAPixel));
  };

  private readonly onUp = (): void => {
    this.drag = undefined;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const turns: Readonly<Record<string, () => Viewpoint>> = {
      ArrowLeft: () => turned(this.viewpoint, degreesAKey, 0),
      ArrowRight: () => turned(this.viewpoint, -degreesAKey, 0),
      ArrowUp: () => turned(this.viewpoint, 0, degreesAKey),
      ArrowDown: () => turned(this.viewpoint, 0, -degreesAKey),
      Home: () => defaultViewpoint,
    };
    const turn = turns[event.key];
    if (turn === undefined) return;
    event.preventDefault();
    this.turn(turn());
  };
}

customElements.define("basin-loss-surface", SurfaceChart);
