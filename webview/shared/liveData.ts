/**
 * What a view pulls from the host while it is on the page: made when the view comes, broken off when it goes.
 * Invariant: one pull at a time, at the pace of live updates; nothing is pulled or drawn for a view that has gone.
 */
import type { ReactiveController } from "lit";
import { LivePull } from "./livePull.ts";
import type { PanelContext, PanelElement } from "./panelElement.ts";

export interface Pullable {
  /** Pulls what is shown; `again` asks once more for what failed. Must not reject. */
  pull(again: boolean): Promise<void>;
  /** An answer is still in the making: the next pull should come soon. */
  readonly unfinished: boolean;
  /** Drawing found out that more is needed: the next pull should not wait for a change. */
  readonly hasWanted: boolean;
}

export class LiveData<T extends Pullable> implements ReactiveController {
  /** Undefined while the view is not on the page. */
  data: T | undefined;
  private readonly host: PanelElement;
  private readonly make: (panel: PanelContext, signal: AbortSignal) => T;
  private live: LivePull | undefined;
  private abort = new AbortController();
  private again = false;

  constructor(host: PanelElement, make: (panel: PanelContext, signal: AbortSignal) => T) {
    this.host = host;
    this.make = make;
    host.addController(this);
  }

  hostConnected(): void {
    this.abort = new AbortController();
    this.data = this.make(this.host.panel, this.abort.signal);
    this.live = new LivePull(() => this.pull());
    this.live.request();
  }

  hostDisconnected(): void {
    this.live?.dispose();
    this.abort.abort();
  }

  /** Something changed: pull as soon as the pace allows. */
  request(): void {
    this.live?.request();
  }

  /** A person waits: pull now. */
  requestNow(): void {
    this.live?.requestNow();
  }

  /** A person wants what failed to be tried again. */
  retry(): void {
    this.again = true;
    this.requestNow();
  }

  private async pull(): Promise<void> {
    const { again, data, host } = this;
    const { signal } = this.abort;
    this.again = false;
    await data?.pull(again);
    if (signal.aborted || data === undefined) return;
    host.requestUpdate();
    await host.updateComplete;
    if (data.hasWanted) this.requestNow();
    else if (data.unfinished) this.request();
  }
}
