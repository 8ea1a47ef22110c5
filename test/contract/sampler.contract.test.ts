/** Runs the contract over every registered sampler. */
import { expect, it } from "vitest";
import { samplers } from "../../src/samplers/registry.ts";
import { samplerContract } from "./sampler.contract.ts";

it("kinds are unique", () => {
  expect(new Set(samplers.map((entry) => entry.kind)).size).toBe(samplers.length);
});

for (const entry of samplers) samplerContract(entry);
