import { describe, expect, it } from "vitest";
import { LivePull, type Clock } from "./livePull.ts";

/** Time that goes on only when told. */
function handClock(): Clock & { advance(ms: number): void } {
  let time = 0;
  let timers: { at: number; run: () => void }[] = [];
  return {
    now: () => time,
    after: (ms, run) => {
      const timer = { at: time + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((t) => t !== timer);
      };
    },
    advance: (ms) => {
      time += ms;
      const due = timers.filter((t) => t.at <= time);
      timers = timers.filter((t) => t.at > time);
      for (const { run } of due) run();
    },
  };
}

/** Lets everything that waits on settled promises run. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 0);
  });

describe("LivePull", () => {
  it("pulls one at a time and rests three times as long as the last one took", async () => {
    const clock = handClock();
    const ends: (() => void)[] = [];
    const pull = new LivePull(() => new Promise<void>((resolve) => ends.push(resolve)), clock);
    pull.request();
    pull.request();
    pull.request();
    expect(ends.length).toBe(1);
    clock.advance(500);
    ends[0]!();
    await turn();
    expect(ends.length).toBe(1);
    clock.advance(1499);
    expect(ends.length).toBe(1);
    clock.advance(1);
    expect(ends.length).toBe(2);
    ends[1]!();
    await turn();
    clock.advance(10_000);
    expect(ends.length).toBe(2);
  });
  it("rests the least after a pull during which a person asked", async () => {
    const clock = handClock();
    const ends: (() => void)[] = [];
    const pull = new LivePull(() => new Promise<void>((resolve) => ends.push(resolve)), clock);
    pull.request();
    clock.advance(500);
    pull.requestNow();
    expect(ends.length).toBe(1);
    ends[0]!();
    await turn();
    clock.advance(199);
    expect(ends.length).toBe(1);
    clock.advance(1);
    expect(ends.length).toBe(2);
  });
  it("hurries when a person asks, and stops when disposed", async () => {
    const clock = handClock();
    let pulls = 0;
    const pull = new LivePull(() => {
      pulls++;
      return Promise.resolve();
    }, clock);
    pull.request();
    await turn();
    pull.request();
    expect(pulls).toBe(1);
    pull.requestNow();
    await turn();
    expect(pulls).toBe(2);
    pull.request();
    pull.dispose();
    clock.advance(10_000);
    expect(pulls).toBe(2);
  });
});
