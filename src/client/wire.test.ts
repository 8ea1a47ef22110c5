import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeWire, encodeWire } from "./wire.ts";

describe("wire", () => {
  it("carries typed arrays of every kind at any offset, non-finite numbers included", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.float64Array(),
        fc.float32Array(),
        fc.int32Array(),
        fc.uint8Array(),
        (text, doubles, floats, ints, bytes) => {
          const value = {
            text,
            doubles,
            floats,
            ints,
            bytes,
            list: [doubles, { ints }],
            nothing: null,
            nan: Number.NaN,
          };
          // A socket hands over pieces of larger Buffers.
          const message = Buffer.concat([Buffer.from("header"), encodeWire(value)]).subarray(6);
          const back = decodeWire(message);
          expect(back).toEqual(value);
          expect((back as typeof value).doubles).toBeInstanceOf(Float64Array);
          expect((back as typeof value).floats).toBeInstanceOf(Float32Array);
        },
      ),
    );
  });

  it("sends a view's own part only, and gives memory of its own back", () => {
    const whole = Float64Array.from({ length: 10 }, (_, i) => i);
    const message = encodeWire({ part: whole.subarray(2, 5) });
    const back = decodeWire(message) as { part: Float64Array };
    expect([...back.part]).toEqual([2, 3, 4]);
    message.fill(0);
    expect([...back.part]).toEqual([2, 3, 4]);
  });

  it("leaves undefined fields out and keeps infinities", () => {
    expect(decodeWire(encodeWire({ a: undefined, b: Number.NEGATIVE_INFINITY }))).toEqual({
      b: Number.NEGATIVE_INFINITY,
    });
  });
});
