/**
 * The bar between main view and table. Fires `share` (0..1 of the height above it) while it is dragged or moved by arrows.
 * Invariant: a separator in the sense of ARIA: focusable, with its value and range, double-click puts it back.
 */
import { LitElement, css, html, type TemplateResult } from "lit";
import { baseStyles } from "../shared/styles.ts";
import { defaultPanelState } from "../shared/panelState.ts";

export class BasinSplitter extends LitElement {
  static override properties = { share: { type: Number }, min: { type: Number }, max: { type: Number } };
  declare share: number;
  declare min: number;
  declare max: number;

  static override styles = [
    baseStyles,
    css`
      :host {
        flex: none;
        height: 4px;
        border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
      }
      div {
        height: 8px;
        margin-top: -4px;
        cursor: row-resize;
        touch-action: none;
        position: relative;
        z-index: 2;
      }
      div::after {
        content: "";
        position: absolute;
        inset: 2px 0;
        background: transparent;
        transition: background 120ms 120ms;
      }
      div:hover::after,
      div:active::after,
      div:focus-visible::after {
        background: var(--vscode-sash-hoverBorder, var(--vscode-focusBorder));
      }
      div:focus-visible {
        outline: none;
      }
    `,
  ];

  constructor() {
    super();
    this.share = 0.5;
    this.min = 0.1;
    this.max = 0.9;
  }

  override render(): TemplateResult {
    return html`<div
      role="separator"
      tabindex="0"
      aria-orientation="horizontal"
      aria-label="Height of the main view"
      aria-valuenow=${Math.round(this.share * 100)}
      aria-valuemin=${Math.round(this.min * 100)}
      aria-valuemax=${Math.round(this.max * 100)}
      @pointerdown=${this.onDown}
      @dblclick=${() => this.fire(defaultPanelState.splitter)}
      @keydown=${this.onKey}
    ></div>`;
  }

  private fire(share: number): void {
    const clamped = Math.min(this.max, Math.max(this.min, share));
    this.dispatchEvent(new CustomEvent("share", { detail: clamped }));
  }

  private readonly onDown = (event: PointerEvent): void => {
    const handle = event.currentTarget;
    const above = this.previousElementSibling?.getBoundingClientRect();
    const below = this.nextElementSibling?.getBoundingClientRect();
    if (!(handle instanceof HTMLElement) || above === undefined || below === undefined || event.button !== 0) return;
    handle.setPointerCapture(event.pointerId);
    const total = above.height + below.height;
    const grip = event.clientY - above.bottom;
    const move = (moved: PointerEvent): void => this.fire((moved.clientY - grip - above.top) / total);
    const up = (): void => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", up);
      handle.removeEventListener("pointercancel", up);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", up);
    handle.addEventListener("pointercancel", up);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowUp: this.share - 0.04,
      ArrowDown: this.share + 0.04,
      PageUp: this.share - 0.2,
      PageDown: this.share + 0.2,
      Home: this.min,
      End: this.max,
      Enter: defaultPanelState.splitter,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.fire(next);
  };
}

customElements.define("basin-splitter", BasinSplitter);
