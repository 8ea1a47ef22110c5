/**
 * What every chart on canvas shares: layers that repaint apart, device pixels, theme and size changes, progressive
 * painting, PNG and SVG export. Invariant: nothing is painted outside an animation frame.
 */
import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { SvgInk, type Ink } from "./ink.ts";
import type { MenuItem } from "./menu.ts";
import { PanelElement } from "./panelElement.ts";
import { PaintQueue, frameBudgetMs, type Painter } from "./progressive.ts";
import { baseStyles, messageStyles } from "./styles.ts";
import { onThemeChange, theme } from "./theme.ts";

export const chartStyles = css`
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

export abstract class CanvasChart extends PanelElement {
  static override styles = [baseStyles, messageStyles, chartStyles];

  /** CSS pixels of the drawing area. */
  protected width = 0;
  protected height = 0;

  private readonly dirty = new Set<string>();
  private readonly queue = new PaintQueue();
  private frame = 0;
  private stopTheme: (() => void) | undefined;
  private plotArea: HTMLElement | null = null;
  private readonly resized = new ResizeObserver(() => this.measure());

  /** Layers from back to front. */
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
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    super.disconnectedCallback();
  }

  protected override updated(_changed: PropertyValues): void {
    const area = this.renderRoot.querySelector<HTMLElement>(".plot");
    if (area === this.plotArea) return;
    this.resized.disconnect();
    this.plotArea = area;
    if (area !== null) this.resized.observe(area);
  }

  /** The canvases; a chart puts them into its `.plot`. */
  protected canvases(): readonly TemplateResult[] {
    return this.layerNames().map((name) => html`<canvas data-layer=${name} aria-hidden="true"></canvas>`);
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
    if (this.frame === 0 && this.isConnected) this.frame = requestAnimationFrame(() => this.onFrame());
  }

  private onFrame(): void {
    this.frame = 0;
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

  private paintAll(ink: Ink): void {
    this.layout();
    for (const layer of this.layerNames()) {
      ink.save();
      for (const _piece of this.paint(layer, ink));
      ink.restore();
    }
  }

  /** The picture at twice its size on screen, as PNG bytes in base64. */
  protected async pngBase64(): Promise<{ readonly blob: Blob; readonly base64: string }> {
    const canvas = document.createElement("canvas");
    const ratio = 2;
    canvas.width = this.width * ratio;
    canvas.height = this.height * ratio;
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("The browser gave no drawing surface.");
    context.scale(ratio, ratio);
    context.fillStyle = theme().background;
    context.fillRect(0, 0, this.width, this.height);
    this.paintAll(context);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (blob === null) throw new Error("The picture could not be encoded.");
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let binary = "";
    for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    return { blob, base64: btoa(binary) };
  }

  protected svgText(): string {
    const ink = new SvgInk(document.createElement("canvas").getContext("2d"));
    this.paintAll(ink);
    return ink.document(this.width, this.height, theme().background);
  }

  /** Data behind the picture as CSV. */
  protected abstract csv(): string;

  /** The menu every chart has. */
  protected exportMenu(): readonly MenuItem[] {
    const name = `${(this.store.study?.name ?? "study").replace(/[^\w.-]+/g, "_")}-${this.chartName}`;
    const { actions } = this;
    const attempt = async (run: () => Promise<void>): Promise<void> => {
      try {
        await run();
      } catch (error) {
        actions.notice(error instanceof Error ? error.message : String(error), "error");
      }
    };
    const copyPng = async (): Promise<void> => {
      const { blob, base64 } = await this.pngBase64();
      try {
        await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
        actions.notice("Copied the picture.");
      } catch {
        // Pictures cannot be put on the clipboard everywhere (remote windows, some desktops): saving always works.
        await actions.request("saveImage", { suggestedName: `${name}.png`, pngBase64: base64 });
      }
    };
    const savePng = async (): Promise<void> => {
      const { base64 } = await this.pngBase64();
      await actions.request("saveImage", { suggestedName: `${name}.png`, pngBase64: base64 });
    };
    return [
      { label: "Copy as PNG", run: () => void attempt(copyPng) },
      { label: "Save as PNG…", run: () => void attempt(savePng) },
      {
        label: "Save as SVG…",
        run: () => void actions.act("saveText", { suggestedName: `${name}.svg`, text: this.svgText() }),
      },
      {
        label: "Copy Data as CSV",
        separated: true,
        run: () => void actions.copy(this.csv(), "Copied the data."),
      },
    ];
  }

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
