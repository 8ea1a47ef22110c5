/**
 * A button with a menu: plain actions, or check marks that stay open while one is changed.
 * Invariant: works by keyboard alone (arrows, home, end, letters, Esc) and closes when the focus leaves.
 */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { icon, type IconName } from "./icons.ts";
import { baseStyles } from "./styles.ts";

export interface MenuItem {
  readonly label: string;
  /** Present: a check mark, and the menu stays open. */
  readonly checked?: boolean;
  readonly disabled?: boolean;
  /** A line above this item. */
  readonly separated?: boolean;
  readonly run: () => void;
}

export class BasinMenu extends LitElement {
  static override properties = {
    label: { type: String },
    icon: { type: String },
    items: { attribute: false },
    open: { state: true },
  };
  declare label: string;
  declare icon: IconName;
  /** A function is asked each time the menu is drawn, so that closed menus cost nothing. */
  declare items: readonly MenuItem[] | (() => readonly MenuItem[]);
  declare open: boolean;

  static override styles = [
    baseStyles,
    css`
      :host {
        display: inline-block;
      }
      .menu {
        position: fixed;
        inset: auto;
        margin: 0;
        padding: 4px;
        min-width: 176px;
        max-width: min(320px, 96vw);
        max-height: min(420px, 80vh);
        overflow-y: auto;
        border: 1px solid var(--vscode-menu-border, var(--vscode-panel-border));
        border-radius: 4px;
        background: var(--vscode-menu-background, var(--vscode-editorWidget-background));
        color: var(--vscode-menu-foreground, var(--vscode-foreground));
        font: inherit;
      }
      .item {
        display: flex;
        align-items: center;
        gap: 8px;
        width: 100%;
        min-height: 24px;
        padding: 0 8px 0 4px;
        border: 0;
        border-radius: 4px;
        background: none;
        color: inherit;
        font: inherit;
        text-align: start;
        cursor: pointer;
      }
      .item > span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .item > .icon,
      .item > .blank {
        width: 16px;
        flex: none;
      }
      .item:hover:not(:disabled),
      .item:focus-visible {
        background: var(--vscode-menu-selectionBackground, var(--vscode-list-activeSelectionBackground));
        color: var(--vscode-menu-selectionForeground, var(--vscode-list-activeSelectionForeground));
        outline: 1px solid var(--vscode-menu-selectionBorder, transparent);
      }
      .item:disabled {
        opacity: 0.5;
        cursor: default;
      }
      hr {
        border: 0;
        border-top: 1px solid var(--vscode-menu-separatorBackground, var(--vscode-panel-border));
        margin: 4px 0;
      }
    `,
  ];

  constructor() {
    super();
    this.label = "";
    this.icon = "more";
    this.items = [];
    this.open = false;
  }

  override render(): TemplateResult {
    const items = !this.open ? [] : typeof this.items === "function" ? this.items() : this.items;
    const checks = items.some((item) => item.checked !== undefined);
    return html`
      <button
        class="tool"
        title=${this.label}
        aria-label=${this.label}
        aria-haspopup="menu"
        aria-expanded=${this.open}
        @click=${this.toggle}
        @keydown=${this.onButtonKey}
      >
        ${icon(this.icon)}
      </button>
      <div
        class="menu"
        role="menu"
        popover="auto"
        aria-label=${this.label}
        @toggle=${this.onToggle}
        @keydown=${this.onKey}
      >
        ${items.map(
          (item) => html`
            ${item.separated === true ? html`<hr />` : nothing}
            <button
              class="item"
              role=${item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
              aria-checked=${item.checked ?? nothing}
              tabindex="-1"
              ?disabled=${item.disabled === true}
              @click=${() => this.choose(item)}
            >
              ${checks ? (item.checked === true ? icon("check") : html`<span class="blank"></span>`) : nothing}
              <span title=${item.label}>${item.label}</span>
            </button>
          `,
        )}
      </div>
    `;
  }

  private get popup(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".menu");
  }

  private readonly toggle = (): void => {
    if (this.open) this.popup?.hidePopover();
    else void this.show();
  };

  private async show(): Promise<void> {
    this.open = true;
    await this.updateComplete;
    const { popup } = this;
    if (popup === null) return;
    popup.showPopover();
    const anchor = this.getBoundingClientRect();
    const { width, height } = popup.getBoundingClientRect();
    const below = anchor.bottom + height + 4 <= innerHeight || anchor.top < height;
    popup.style.left = `${Math.max(4, Math.min(anchor.right - width, innerWidth - width - 4))}px`;
    popup.style.top = `${below ? anchor.bottom + 2 : anchor.top - height - 2}px`;
    this.focusItem(0);
  }

  private readonly onToggle = (event: Event): void => {
    if (!(event instanceof ToggleEvent) || event.newState !== "closed") return;
    this.open = false;
  };

  private choose(item: MenuItem): void {
    item.run();
    this.requestUpdate();
    if (item.checked === undefined) {
      this.popup?.hidePopover();
      this.renderRoot.querySelector<HTMLElement>("button.tool")?.focus();
    }
  }

  private readonly onButtonKey = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    void this.show();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const items = [...this.renderRoot.querySelectorAll<HTMLElement>(".item:not(:disabled)")];
    const at = items.findIndex((item) => item === this.shadowRoot?.activeElement);
    const last = items.length - 1;
    let next: number | undefined;
    if (event.key === "ArrowDown") next = at >= last ? 0 : at + 1;
    else if (event.key === "ArrowUp") next = at <= 0 ? last : at - 1;
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else if (event.key === "Tab") this.popup?.hidePopover();
    else if (event.key.length === 1 && event.key !== " ") {
      const letter = event.key.toLowerCase();
      const order = [...items.keys()].map((i) => (at + 1 + i) % items.length);
      next = order.find((i) => items[i]?.textContent?.trim().toLowerCase().startsWith(letter));
    }
    event.stopPropagation();
    if (next === undefined) {
      if (event.key === "Escape") this.renderRoot.querySelector<HTMLElement>("button.tool")?.focus();
      return;
    }
    event.preventDefault();
    items[next]?.focus();
  };

  private focusItem(index: number): void {
    this.renderRoot.querySelectorAll<HTMLElement>(".item:not(:disabled)")[index]?.focus();
  }
}

customElements.define("basin-menu", BasinMenu);
