/** Runs the contract over every second registered sampler; the others are run by samplerOthers.contract.test.ts, at the same time. */
import { expect, it } from "vitest";
import { samplers } from "../../src/samplers/registry.ts";
import { samplerContract } from "./sampler.contract.ts";

it("kinds are unique", () => {
  expect(new Set(samplers.map((entry) => entry.kind)).size).toBe(samplers.length);
});

for (const [index, entry] of samplers.entries()) if (index % 2 === 0) samplerContract(entry);
