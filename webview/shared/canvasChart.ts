/**
 * What every chart on canvas shares: its element, layers that repaint apart, device pixels, theme and size changes,
 * progressive painting, the tip, the trial under pointer and keyboard, the export menu. A chart says what it is called, what
 * it is drawn from, which events it answers, and paints. Invariant: nothing is painted outside an animation frame.
 */
import { css, html, noChange, nothing, type PropertyValues, type TemplateResult } from "lit";
import { exportMenu, type Picture } from "./chartExport.ts";
import type { Ink } from "./ink.ts";
import type { MenuItem } from "./menu.ts";
import { PanelElement } from "./panelElement.ts";
import { PaintQueue, frameBudgetMs, type Painter } from "./progressive.ts";
import { baseStyles, messageStyles } from "./styles.ts";
import { onThemeChange } from "./theme.ts";

const chartStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    overflow: hidden;
  }
  .plot {
    position: relative;
    flex: 1;
    min-height: 0;
    overflow: hidden;
    outline-offset: -1px;
    touch-action: none;
  }
  .plot:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
  }
  canvas {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    pointer-events: none;
  }
  .tip {
    position: absolute;
    left: 0;
    top: 0;
    z-index: 4;
    max-width: min(280px, 90%);
    padding: 4px 8px;
    pointer-events: none;
    border: 1px solid var(--vscode-editorHoverWidget-border, var(--vscode-panel-border));
    border-radius: 4px;
    background: var(--vscode-editorHoverWidget-background, var(--vscode-editorWidget-background));
    color: var(--vscode-editorHoverWidget-foreground, var(--vscode-foreground));
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .tip[hidden] {
    display: none;
  }
`;

/** A chart that scrolls down where it would get too low to be read. */
export const scrollingStyles = css`
  :host {
    overflow: hidden auto;
  }
  .plot {
    flex: 1 0 auto;
    touch-action: pan-y;
  }
`;

/** Events a chart's drawing area answers. */
export type PlotEvents = {
  readonly [
    K in
      | "pointermove"
      | "pointerleave"
      | "pointerdown"
      | "pointerup"
      | "pointercancel"
      | "click"
      | "dblclick"
      | "wheel"
      | "keydown"
  ]?: (event: HTMLElementEventMap[K]) => void;
};

/** Whether a press with these keys adds to the selection instead of replacing it. */
export function keepsSelection({ ctrlKey, metaKey, shiftKey }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey;
}

export abstract class CanvasChart extends PanelElement {
  static override styles = [baseStyles, messageStyles, chartStyles];

  /** CSS pixels of the drawing area. */
  protected width = 0;
  protected height = 0;

  private readonly dirty = new Set<string>();
  private readonly queue = new PaintQueue();
  private frameRequest = 0;
  private stopTheme: (() => void) | undefined;
  private plotArea: HTMLElement | null = null;
  private readonly resized = new ResizeObserver(() => this.measure());

  /** What the picture is and how to move in it, for those who hear it. */
  protected abstract plotLabel(): string;
  /** How pointer and keyboard are answered. */
  protected abstract plotEvents(): PlotEvents;
  /** Layers from back to front; the last one, "top", holds what the pointer and the selection bring forward. */
  protected abstract layerNames(): readonly string[];
  /** Paints one layer; the ink is cleared and in CSS pixels. Yields after each piece of work. */
  protected abstract paint(layer: string, ink: Ink): Painter;
  /** Called before painting when size, data or theme changed. */
  protected abstract layout(): void;
  /** What the picture shows, for its name in files. */
  abstract readonly chartName: string;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stopTheme = onThemeChange(() => this.invalidateAll());
    if (this.plotArea !== null) this.resized.observe(this.plotArea);
  }

  override disconnectedCallback(): void {
    this.stopTheme?.();
    this.resized.disconnect();
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    super.disconnectedCallback();
  }

  /** Properties that the picture is drawn from: a new value paints everything again. */
  protected drawnFrom(): readonly string[] {
    return [];
  }

  /** Whether changed properties make another picture. */
  protected isStale(changed: PropertyValues): boolean {
    return this.drawnFrom().some((name) => changed.has(name));
  }

  /** Called when the picture is about to become another one: where the cursor was may be no more. */
  protected renewed(_changed: PropertyValues): void {}

  protected override updated(changed: PropertyValues): void {
    const area = this.renderRoot.querySelector<HTMLElement>(".plot");
    if (area !== this.plotArea) {
      this.resized.disconnect();
      this.plotArea = area;
      if (area !== null) this.resized.observe(area);
    }
    if (!this.isStale(changed)) return;
    this.renewed(changed);
    this.invalidateAll();
  }

  private filteredSeen: Uint8Array | undefined;

  /** Other trials passing the filter repaint everything, where a chart names that topic; anything else the top alone. */
  protected override onStore(): void {
    const { filtered } = this.store;
    if (this.filteredSeen === filtered || !this.topics().includes("filtered")) return this.invalidate("top");
    this.filteredSeen = filtered;
    this.refiltered();
  }

  /** Called when other trials pass the filter. */
  protected refiltered(): void {
    this.invalidate(...this.layerNames());
  }

  /** The data in words, beside the picture. */
  protected heard(): TemplateResult | typeof nothing {
    return nothing;
  }

  /** What else stands in the drawing area, under the tip. */
  protected inPlot(): TemplateResult | typeof nothing {
    return nothing;
  }

  /** CSS pixels below which the drawing area does not shrink, where a chart scrolls instead. */
  protected leastHeight(): number | undefined {
    return undefined;
  }

  override render(): TemplateResult {
    const events = this.plotEvents();
    const least = this.leastHeight();
    // The content policy refuses style attributes and lets properties pass.
    return html`<div
        class="plot"
        .style=${least === undefined ? noChange : `min-height: ${least}px`}
        tabindex="0"
        role="group"
        aria-roledescription="chart"
        aria-label=${this.plotLabel()}
        @pointermove=${events.pointermove}
        @pointerleave=${events.pointerleave}
        @pointerdown=${events.pointerdown}
        @pointerup=${events.pointerup}
        @pointercancel=${events.pointercancel}
        @click=${events.click}
        @dblclick=${events.dblclick}
        @wheel=${events.wheel}
        @keydown=${events.keydown}
      >
        ${this.layerNames().map((name) => html`<canvas data-layer=${name} aria-hidden="true"></canvas>`)}
        ${this.inPlot()}
        <div class="tip" hidden></div>
        <div class="visually-hidden" aria-live="polite"></div>
      </div>
      ${this.heard()}`;
  }

  protected get plot(): HTMLElement | null {
    return this.plotArea;
  }

  protected invalidate(...layers: readonly string[]): void {
    for (const layer of layers) this.dirty.add(layer);
    this.schedule();
  }

  protected invalidateAll(): void {
    this.needsLayout = true;
    this.invalidate(...this.layerNames());
  }

  private needsLayout = true;

  private measure(): void {
    const area = this.plotArea;
    if (area === null) return;
    const { clientWidth, clientHeight } = area;
    if (clientWidth === this.width && clientHeight === this.height) return;
    this.width = clientWidth;
    this.height = clientHeight;
    this.invalidateAll();
  }

  private schedule(): void {
    if (this.frameRequest === 0 && this.isConnected) this.frameRequest = requestAnimationFrame(() => this.onFrame());
  }

  private onFrame(): void {
    this.frameRequest = 0;
    if (this.width < 1 || this.height < 1) return;
    if (this.needsLayout) {
      this.needsLayout = false;
      this.layout();
    }
    for (const layer of this.layerNames()) {
      if (!this.dirty.has(layer)) continue;
      const ink = this.cleared(layer);
      this.queue.set(layer, ink === null ? undefined : this.paint(layer, ink));
    }
    this.dirty.clear();
    if (this.queue.run(frameBudgetMs)) this.schedule();
    else this.painted();
  }

  /** Called when every layer is finished. */
  protected painted(): void {}

  private cleared(layer: string): Ink | null {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>(`canvas[data-layer="${layer}"]`);
    const context = canvas?.getContext("2d") ?? null;
    if (canvas === null || context === null) return null;
    const ratio = devicePixelRatio || 1;
    const width = Math.round(this.width * ratio);
    const height = Math.round(this.height * ratio);
    // Setting the size clears and resets everything; otherwise both by hand.
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    } else {
      context.reset();
    }
    context.scale(ratio, ratio);
    return context;
  }

  // --- export -----------------------------------------------------------------------------------------------------

  /** Data behind the picture as CSV. */
  protected abstract csv(): string;

  private get exported(): Picture {
    return {
      name: `${(this.store.study?.name ?? "study").replace(/[^\w.-]+/g, "_")}-${this.chartName}`,
      width: this.width,
      height: this.height,
      paint: (ink) => {
        this.layout();
        for (const layer of this.layerNames()) {
          ink.save();
          for (const _piece of this.paint(layer, ink));
          ink.restore();
        }
      },
      csv: () => this.csv(),
    };
  }

  /** What the menu of the chart offers. */
  get menuItems(): readonly MenuItem[] {
    return exportMenu(() => this.exported, this.actions);
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  /** Place of a pointer event in CSS pixels of the plot. */
  protected pointOf(event: MouseEvent): readonly [number, number] {
    const box = this.plotArea?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
  }

  /** Says `text` beside a point of the plot; to screen readers too unless a pointer led there. */
  protected tell(text: string, x: number, y: number, byPointer: boolean): void {
    this.placeTip(text, x, y);
    if (byPointer) return;
    const live = this.renderRoot.querySelector("[aria-live]");
    if (live !== null) live.textContent = text;
  }

  /** Brings a trial forward in every view; none when undefined. */
  protected hover(number: number | undefined, byPointer: boolean): void {
    this.store.hoverByPointer = byPointer;
    this.store.hover(number ?? -1);
  }

  /** A press on a trial selects it, with Ctrl, Command or Shift beside the others; one on no trial clears the selection. */
  protected chooseByPointer(event: MouseEvent, number: number | undefined): void {
    const keep = keepsSelection(event);
    if (number !== undefined) this.store.select([number], keep ? "toggle" : "replace");
    else if (!keep) this.store.select([]);
  }

  /** Enter opens the trial at the keyboard's place, Space selects it; says whether the key was one of them. */
  protected chooseByKey(event: KeyboardEvent, number: number | undefined): boolean {
    if (number === undefined) return false;
    if (event.key === "Enter") {
      this.store.select([number]);
      this.actions.openInspector();
    } else if (event.key === " ") this.store.select([number], "toggle");
    else return false;
    return true;
  }

  /** Shows `text` beside a point of the plot, kept inside it; empty hides. */
  protected placeTip(text: string, x: number, y: number): void {
    const tip = this.renderRoot.querySelector<HTMLElement>(".tip");
    if (tip === null) return;
    tip.hidden = text === "";
    if (text === "") return;
    tip.textContent = text;
    const { offsetWidth, offsetHeight } = tip;
    const left = x + 12 + offsetWidth > this.width ? Math.max(0, x - 12 - offsetWidth) : x + 12;
    const top = y - offsetHeight - 8 < 0 ? y + 12 : y - offsetHeight - 8;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(Math.min(top, this.height - offsetHeight))}px)`;
  }
}
