/** Disposables, timing and the shared selection: the small things everything hangs on. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createScope } from "./disposables.ts";
import { ownArrays } from "./panels/transfer.ts";
import { createSelection } from "./selection.ts";
import { debounce, throttle } from "./timing.ts";

describe("scope", () => {
  test("disposes once, last first, and goes on after a failure", () => {
    const order: number[] = [];
    const scope = createScope();
    scope.defer(() => order.push(1));
    scope.defer(() => {
      throw new Error("no");
    });
    scope.defer(() => order.push(3));
    expect(() => scope.dispose()).toThrow(AggregateError);
    scope.dispose();
    expect(order).toEqual([3, 1]);
  });

  test("what comes too late is given back at once", () => {
    const scope = createScope();
    scope.dispose();
    const dispose = vi.fn();
    scope.add({ dispose });
    expect(dispose).toHaveBeenCalledOnce();
  });
});

describe("timing", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("throttle: at once, then at most once a gap, and never loses the last call", () => {
    const work = vi.fn();
    const timed = throttle(250, work);
    for (let i = 0; i < 10; i++) timed.call();
    expect(work).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(250);
    expect(work).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1000);
    expect(work).toHaveBeenCalledTimes(2);
    timed.call();
    expect(work).toHaveBeenCalledTimes(3);
    timed.call();
    timed.dispose();
    vi.advanceTimersByTime(1000);
    expect(work).toHaveBeenCalledTimes(3);
  });

  test("debounce: once, after the last call", () => {
    const work = vi.fn();
    const timed = debounce(200, work);
    timed.call();
    vi.advanceTimersByTime(150);
    timed.call();
    vi.advanceTimersByTime(199);
    expect(work).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(work).toHaveBeenCalledOnce();
  });
});

describe("selection", () => {
  test("two followers do not drive each other in circles", () => {
    const selection = createSelection();
    const heard: string[] = [];
    selection.listen("explorer", (change) => {
      heard.push(`explorer ${change.numbers.join()}`);
      selection.set(change.study, change.numbers, "explorer");
    });
    selection.listen("panel", (change) => {
      heard.push(`panel ${change.numbers.join()}`);
      selection.set(change.study, change.numbers, "panel");
    });
    selection.set("s", [1, 2], "panel");
    selection.set("s", [3], "explorer");
    selection.set("s", [3], "panel");
    expect(heard).toEqual(["explorer 1,2", "panel 3"]);
    expect(selection.get("s")).toEqual([3]);
  });
});

describe("ownArrays", () => {
  test("views of a shared buffer become arrays of their own, and Buffers plain bytes", () => {
    const bytes = Buffer.alloc(64);
    bytes.writeDoubleLE(0.5, 8);
    const answer = ownArrays({
      values: new Float64Array(bytes.buffer, bytes.byteOffset + 8 - (bytes.byteOffset % 8), 1),
      raw: bytes.subarray(0, 3),
      rows: [{ a: 1 }],
      none: null,
    });
    const { values, raw, rows, none } = answer as { values: Float64Array; raw: Uint8Array; rows: unknown; none: null };
    expect(values).toBeInstanceOf(Float64Array);
    expect(values.buffer.byteLength).toBe(8);
    expect(raw.constructor).toBe(Uint8Array);
    expect(raw.buffer.byteLength).toBe(3);
    expect(rows).toEqual([{ a: 1 }]);
    expect(none).toBeNull();
  });

  test("what owns its buffer is not copied", () => {
    const values = new Float64Array(3);
    expect((ownArrays({ values }) as { values: Float64Array }).values).toBe(values);
  });
});
