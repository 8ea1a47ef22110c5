import { array, assert, constantFrom, double, integer, property, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../core/rng.ts";
import { crossBarcodes } from "./crossBarcodes.ts";
import { euclideanDistances } from "./distances.ts";
import { sharedKernel } from "./kernel.ts";
import { pairOrder } from "./pairOrder.ts";
import { pointCloud } from "./pointCloud.ts";
import { prepare, type Preparation } from "./preparation.ts";
import { asIs, gaussianCloud, matrices } from "./testing/matrices.ts";
import { TypeScriptWalk } from "./walk.ts";

function twin(a: Preparation, b: Preparation): ReturnType<TypeScriptWalk["bars"]> {
  const walk = new TypeScriptWalk(a, b);
  while (!walk.advance(1000));
  return walk.bars();
}

describe("the kernel", () => {
  it("is there, and is what crossBarcodes uses", () => {
    expect(sharedKernel()).toBeDefined();
  });

  it("has the bars of the TypeScript walk, in the same order and to the last bit", () => {
    assert(
      property(matrices(24), ([one, other]) => {
        const [a, b] = [asIs(one), asIs(other)];
        expect(crossBarcodes(a, b)).toEqual(twin(a, b));
      }),
      { numRuns: 400 },
    );
  });

  it("has them beyond a word of bits, too", () => {
    const rng = rngForKey("wide rows");
    for (const [count, width] of [
      [63, 2],
      [64, 5],
      [65, 3],
      [127, 2],
      [128, 4],
      [129, 2],
      [200, 16],
    ] as const) {
      const [a, b] = [prepare(gaussianCloud(count, width, rng)), prepare(gaussianCloud(count, width + 1, rng))];
      expect(crossBarcodes(a, b)).toEqual(twin(a, b));
    }
  });

  it("measures distances as TypeScript does, to the last bit, whatever the width", () => {
    const sizes = tuple(integer({ min: 3, max: 12 }), integer({ min: 1, max: 9 }));
    const clouds = sizes.chain(([count, width]) =>
      array(double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: count * width, maxLength: count * width }).map(
        (values) => pointCloud(Float64Array.from(values), count, width),
      ),
    );
    assert(
      property(clouds, (cloud) => {
        const found = sharedKernel()!.orderedDistances(cloud)!;
        const distances = euclideanDistances(cloud);
        expect(found.distances).toEqual(distances);
        expect({ pairs: found.pairs, sorted: found.sorted }).toEqual(pairOrder(distances, cloud.count));
      }),
    );
  });

  it("sorts pairs as TypeScript does, and that is in order: also long runs of near and equal distances", () => {
    // Steps below float32's resolution make long runs of equal keys.
    const lists = tuple(integer({ min: 3, max: 30 }), constantFrom(1, 1e-9, 0)).chain(([count, step]) => {
      const total = (count * (count - 1)) / 2;
      return array(integer({ min: 0, max: 200 }), { minLength: total, maxLength: total }).map((values) => ({
        count,
        distances: Float64Array.from(values, (value) => 1 + value * step),
      }));
    });
    assert(
      property(lists, ({ count, distances }) => {
        const found = pairOrder(distances, count);
        const places = [...found.pairs].map((pair) => ((pair >>> 16) * ((pair >>> 16) - 1)) / 2 + (pair & 0xffff));
        const expected = [...distances.keys()].sort((p, q) => distances[p]! - distances[q]! || p - q);
        expect(places).toEqual(expected);
        expect([...found.sorted]).toEqual(expected.map((place) => distances[place]));
        expect(sharedKernel()!.pairOrder(distances, count)).toEqual(found);
      }),
    );
  });

  it("goes on after a walk was broken off, and serves a walk within a walk", () => {
    const rng = rngForKey("broken off");
    const [a, b] = [prepare(gaussianCloud(400, 8, rng)), prepare(gaussianCloud(400, 8, rng))];
    const expected = twin(a, b);
    const broken = (): unknown =>
      crossBarcodes(a, b, {
        onProgress: (share) => {
          throw new Error(`stopped at ${share > 0 && share < 1}`);
        },
      });
    expect(broken).toThrow("stopped at true");
    let inner: unknown;
    expect(crossBarcodes(a, b, { onProgress: () => (inner ??= crossBarcodes(b, a)) })).toEqual(expected);
    expect(inner).toEqual(expected.toReversed());
    expect(crossBarcodes(a, b)).toEqual(expected);
  });
});
