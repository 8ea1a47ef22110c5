import type { ReactiveController } from "lit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveData, type Pullable } from "./liveData.ts";
import type { PanelElement } from "./panelElement.ts";

/** A view as its controllers see it. */
class Host {
  controllers: ReactiveController[] = [];
  updates = 0;
  readonly updateComplete = Promise.resolve(true);
  addController(controller: ReactiveController): void {
    this.controllers.push(controller);
  }
  requestUpdate(): void {
    this.updates++;
  }
  come(): void {
    for (const controller of this.controllers) controller.hostConnected?.();
  }
  go(): void {
    for (const controller of this.controllers) controller.hostDisconnected?.();
  }
}

class Data implements Pullable {
  readonly signal: AbortSignal;
  readonly pulls: boolean[] = [];
  unfinished = false;
  hasWanted = false;
  constructor(signal: AbortSignal) {
    this.signal = signal;
  }
  async pull(again: boolean): Promise<void> {
    this.pulls.push(again);
    this.hasWanted = false;
    await Promise.resolve();
  }
}

describe("what a view pulls while it is on the page", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function view(): { readonly host: Host; readonly live: LiveData<Data> } {
    const host = new Host();
    const live = new LiveData<Data>(host as unknown as PanelElement, (_panel, signal) => new Data(signal));
    return { host, live };
  }

  it("comes with the view, at the pace of live updates, and is drawn", async () => {
    const { host, live } = view();
    expect(live.data).toBeUndefined();
    host.come();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.data?.pulls).toEqual([false]);
    expect(host.updates).toBe(1);
    live.request();
    live.request();
    await vi.advanceTimersByTimeAsync(100);
    expect(live.data?.pulls).toEqual([false]);
    await vi.advanceTimersByTimeAsync(200);
    expect(live.data?.pulls).toEqual([false, false]);
  });

  it("goes on by itself while an answer is in the making, and once more when drawing wants more", async () => {
    const { host, live } = view();
    host.come();
    const data = live.data!;
    data.unfinished = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(data.pulls.length).toBeGreaterThan(2);
    data.unfinished = false;
    await vi.advanceTimersByTimeAsync(1000);
    const before = data.pulls.length;
    const pull = data.pull.bind(data);
    data.pull = async (again) => {
      await pull(again);
      data.hasWanted = data.pulls.length === before + 1;
    };
    live.request();
    await vi.advanceTimersByTimeAsync(1000);
    expect(data.pulls.length).toBe(before + 2);
  });

  it("asks again for what failed only when a person wants it", async () => {
    const { host, live } = view();
    host.come();
    await vi.advanceTimersByTimeAsync(0);
    live.retry();
    await vi.advanceTimersByTimeAsync(0);
    live.request();
    await vi.advanceTimersByTimeAsync(1000);
    expect(live.data?.pulls).toEqual([false, true, false]);
  });

  it("is broken off when the view goes, and begins anew when it comes back", async () => {
    const { host, live } = view();
    host.come();
    const first = live.data!;
    host.go();
    expect(first.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(host.updates).toBe(0);
    const pulled = first.pulls.length;
    live.request();
    await vi.advanceTimersByTimeAsync(1000);
    expect(first.pulls.length).toBe(pulled);
    host.come();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.data).not.toBe(first);
    expect(live.data?.pulls).toEqual([false]);
    expect(host.updates).toBe(1);
  });
});
