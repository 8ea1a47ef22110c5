import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import type { AugmentSpec } from "../../../core/study/definition.ts";
import { createAugmenter } from "./augment.ts";

/** Draws given in advance. */
function draws(...values: number[]): { next(): number } {
  return { next: () => values.shift() ?? Number.NaN };
}

/** The same changes, pixel by pixel as they are defined: pad, cut out, mirror. */
function byDefinition(
  image: readonly number[],
  [height, width, channels]: readonly [number, number, number],
  { crop, padding }: AugmentSpec,
  top: number,
  left: number,
  mirror: boolean,
): number[] {
  const reflect = (place: number, size: number): number => {
    let at = place;
    while (at < 0 || at >= size) at = size === 1 ? 0 : at < 0 ? -at : 2 * (size - 1) - at;
    return at;
  };
  const padded = (y: number, x: number, c: number): number => {
    const inside = y >= 0 && y < height && x >= 0 && x < width;
    if (!inside && padding === "zero") return 0;
    return image[(reflect(y, height) * width + reflect(x, width)) * channels + c]!;
  };
  const out: number[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++)
        out.push(padded(y + top - crop, (mirror ? width - 1 - x : x) + left - crop, c));
  return out;
}

describe("createAugmenter", () => {
  it("does what pad, crop and flip mean, for every shape and draw", () => {
    const shape = fc.tuple(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
    );
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        shape,
        fc.boolean(),
        fc.integer({ min: 0, max: 7 }),
        fc.constantFrom("zero" as const, "reflect" as const),
        fc.tuple(draw, draw, draw),
        (shape, flip, crop, padding, [a, b, c]) => {
          const spec: AugmentSpec = { flip, crop, padding };
          const size = shape[0] * shape[1] * shape[2];
          const image = Array.from({ length: size }, (_, i) => i + 1);
          const values = Float32Array.from([...image, ...image]);
          const augment = createAugmenter(spec, shape);
          if (augment === undefined) {
            expect(flip || crop > 0).toBe(false);
            return;
          }
          const drawn = [...(crop > 0 ? [a, b] : []), ...(flip ? [c] : [])];
          augment(values, 1, draws(...drawn));
          const window = 2 * crop + 1;
          const [top, left] = crop > 0 ? [Math.floor(a * window), Math.floor(b * window)] : [0, 0];
          const expected = byDefinition(image, shape, spec, top, left, flip && c < 0.5);
          expect([...values.subarray(0, size)]).toEqual(expected);
          // Only as many rows as were asked for.
          expect([...values.subarray(size)]).toEqual(image);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("draws the same for a row whether the batch is whole or cut up", () => {
    const augment = createAugmenter({ flip: true, crop: 2, padding: "zero" }, [4, 4, 3])!;
    const values = Float32Array.from({ length: 10 * 48 }, (_, i) => i);
    const [whole, cut] = [values.slice(), values.slice()];
    augment(whole, 10, rngForKey("a"));
    const rng = rngForKey("a");
    augment(cut.subarray(0, 3 * 48), 3, rng);
    augment(cut.subarray(3 * 48), 7, rng);
    expect(cut).toEqual(whole);
    expect(whole).not.toEqual(values);
  });

  it("has nothing to do without images or changes", () => {
    expect(createAugmenter(undefined, [4, 4, 3])).toBeUndefined();
    expect(createAugmenter({ flip: true, crop: 0, padding: "zero" }, [16])).toBeUndefined();
  });
});
