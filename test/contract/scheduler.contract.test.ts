/** Runs the contract over every registered scheduler. */
import { expect, it } from "vitest";
import { schedulers } from "../../src/schedulers/registry.ts";
import { schedulerContract } from "./scheduler.contract.ts";

it("kinds are unique", () => {
  expect(new Set(schedulers.map((entry) => entry.kind)).size).toBe(schedulers.length);
});

for (const entry of schedulers) schedulerContract(entry);
