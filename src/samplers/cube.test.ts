/** Points and configurations: there and back on every kind of space. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spaces } from "../../test/contract/spaces.ts";
import { rngForKey } from "../core/rng.ts";
import { checkParams, uniformParams } from "../core/space/configuration.ts";
import { cubeOf } from "./cube.ts";

const anySpace = fc.constantFrom(...Object.keys(spaces));

describe("cube", () => {
  it("decodes every point to a configuration of the space", () => {
    fc.assert(
      fc.property(anySpace, fc.integer(), (label, seed) => {
        const space = spaces[label]!;
        const cube = cubeOf(space);
        expect(checkParams(space, cube.decode(cube.draw(rngForKey(`point ${seed}`))))).toEqual([]);
        expect(checkParams(space, cube.decode(new Float64Array(cube.parameters.length).fill(1)))).toEqual([]);
      }),
    );
  });

  it("moves a point to where a configuration is, and leaves what the configuration does not hold", () => {
    fc.assert(
      fc.property(anySpace, fc.integer(), (label, seed) => {
        const space = spaces[label]!;
        const cube = cubeOf(space);
        const rng = rngForKey(`settled ${seed}`);
        const [point, params] = [cube.draw(rng), uniformParams(space, rng)];
        const settled = cube.settled(point, params);
        for (const [name, value] of Object.entries(cube.decode(settled))) {
          if (typeof value === "number") expect(value).toBeCloseTo(Number(params[name]), 9);
          else expect(value).toBe(params[name]);
        }
        cube.parameters.forEach(({ name }, k) => {
          if (!Object.hasOwn(params, name)) expect(settled[k]).toBe(point[k]);
        });
        // A trial that is where its point is says nothing new about it: rounding is not lost.
        const own = cube.settled(point, cube.decode(point));
        own.forEach((coordinate, k) => expect(coordinate).toBeCloseTo(point[k]!, 8));
      }),
    );
  });
});
