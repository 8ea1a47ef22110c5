/**
 * What every component of the panel gets: the store, and what it may ask of the host.
 * Invariant: a component redraws only for the topics it names, and asks the host only through `actions`.
 */
import { LitElement, type CSSResultGroup, type PropertyDeclarations } from "lit";
import type { PanelMethod } from "../../src/protocol/panel.ts";
import type { RequestOptions, RequestParams, RequestResult } from "./rpc.ts";
import type { PanelStore, Topic } from "./store.ts";
import { baseStyles } from "./styles.ts";

export interface PanelActions {
  /** @throws BasinError */
  request<M extends PanelMethod>(
    method: M,
    params: RequestParams<M>,
    options?: RequestOptions,
  ): Promise<RequestResult<M>>;
  /** A request whose failure is shown to the person and not thrown; resolves to whether it worked. */
  act<M extends PanelMethod>(method: M, params: RequestParams<M>): Promise<boolean>;
  /** Puts text on the clipboard and says `done`, or what went wrong. */
  copy(text: string, done: string): Promise<void>;
  /** One line at the foot of the panel, read out; goes by itself. */
  notice(message: string, kind?: "info" | "error"): void;
  openInspector(): void;
  /** Pull again now. */
  refresh(): void;
}

export interface PanelContext {
  readonly store: PanelStore;
  readonly actions: PanelActions;
}

export abstract class PanelElement extends LitElement {
  static override properties: PropertyDeclarations = { panel: { attribute: false } };
  static override styles: CSSResultGroup = baseStyles;

  declare panel: PanelContext;
  private unsubscribe: (() => void) | undefined;

  /** Topics that make this component redraw. */
  protected abstract topics(): readonly Topic[];

  /** Called when a topic fires; by default a redraw. */
  protected onStore(): void {
    this.requestUpdate();
  }

  protected get store(): PanelStore {
    return this.panel.store;
  }

  protected get actions(): PanelActions {
    return this.panel.actions;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.unsubscribe = this.panel.store.subscribe(this.topics(), () => this.onStore());
  }

  override disconnectedCallback(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    super.disconnectedCallback();
  }
}
