import { describe, expect, it } from "vitest";
import { Lasso } from "./lasso.ts";

describe("a lasso", () => {
  it("is a press until it was dragged by more than six pixels", () => {
    const lasso = new Lasso(10, 20);
    expect(lasso.isPress).toBe(true);
    lasso.dragTo(13, 17);
    expect(lasso.isPress).toBe(true);
    lasso.dragTo(13, 16);
    expect(lasso.isPress).toBe(false);
    lasso.dragTo(10, 20);
    expect(lasso.isPress).toBe(true);
  });

  it("has the same rectangle whichever way it is dragged", () => {
    const rect = { left: 10, top: 20, right: 40, bottom: 80 };
    const down = new Lasso(10, 20);
    down.dragTo(40, 80);
    expect(down.rect).toEqual(rect);
    expect(down.start).toEqual([10, 20]);
    const up = new Lasso(40, 80);
    up.dragTo(10, 20);
    expect(up.rect).toEqual(rect);
    expect(up.start).toEqual([40, 80]);
  });
});
