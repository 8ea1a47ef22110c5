import { describe, expect, it } from "vitest";
import { spearman } from "../../src/core/rankCorrelation.ts";
import { Later, oneAFrame, type AfterFrame } from "./later.ts";

/** Frames that are drawn when the test says so. */
function handFrames(): { readonly after: AfterFrame; draw(): void } {
  const tasks: (() => void)[] = [];
  return {
    after: (task) => void tasks.push(task),
    draw: () => {
      for (const task of tasks.splice(0)) task();
    },
  };
}

describe("what is made later", () => {
  it("equals what would have been made at once, and comes after a frame", () => {
    const frames = handFrames();
    const later = new Later<ReturnType<typeof spearman>>(frames.after);
    const x = Float64Array.from({ length: 500 }, (_, i) => (i * 7919) % 503);
    const y = Float64Array.from({ length: 500 }, (_, i) => ((i * 104729) % 499) + x[i]!);
    let drawn = 0;
    const ask = (): ReturnType<typeof spearman> | undefined =>
      later.get(
        "val_loss",
        [x, y],
        () => spearman(x, y),
        () => drawn++,
      );
    expect(ask()).toBeUndefined();
    expect(drawn).toBe(0);
    frames.draw();
    expect(drawn).toBe(1);
    expect(ask()).toEqual(spearman(x, y));
    frames.draw();
    expect(drawn).toBe(1);
  });

  it("keeps the last value while newer ingredients of the same name are worked on, and no value of another name", () => {
    const frames = handFrames();
    const later = new Later<number>(frames.after);
    const made: string[] = [];
    const ask = (name: string, ingredient: object, value: number): number | undefined =>
      later.get(
        name,
        [ingredient],
        () => {
          made.push(name);
          return value;
        },
        () => {},
      );
    const [one, two, three] = [{}, {}, {}];
    ask("a", one, 1);
    frames.draw();
    expect(ask("a", two, 2)).toBe(1);
    expect(ask("b", three, 3)).toBeUndefined();
    frames.draw();
    expect(made).toEqual(["a", "b"]);
    expect(ask("b", three, 3)).toBe(3);
    expect(ask("a", two, 2)).toBeUndefined();
    frames.draw();
    expect(ask("a", two, 2)).toBe(2);
  });

  it("runs one task a frame, in the order they came, also when one asks for another", () => {
    const frames = handFrames();
    const after = oneAFrame(frames.after);
    const ran: string[] = [];
    after(() => {
      ran.push("a");
      after(() => void ran.push("c"));
    });
    after(() => void ran.push("b"));
    for (const expected of ["a", "ab", "abc", "abc"]) {
      frames.draw();
      expect(ran.join("")).toBe(expected);
    }
    after(() => void ran.push("d"));
    frames.draw();
    expect(ran.join("")).toBe("abcd");
  });
});
