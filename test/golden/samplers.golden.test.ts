/**
 * What each sampler suggests for one fixed study, so that an accidental change shows. A deliberate one:
 * `vitest run test/golden -u`, and say why in the commit.
 */
import { describe, expect, it } from "vitest";
import { samplerStream, type Sampler } from "../../src/samplers/sampler.ts";
import { samplers } from "../../src/samplers/registry.ts";
import { simulate, spaces } from "../contract/spaces.ts";

describe("golden sequences", () => {
  for (const entry of samplers) {
    it(entry.kind, async () => {
      const lines: string[] = [];
      for (const label of ["floats", "integers", "conditional"]) {
        const space = spaces[label]!;
        const sampler: Sampler = entry.create(
          {
            space,
            objectives: [{ metric: "loss", direction: "minimize" }],
            isFeasible: () => true,
            parallel: 2,
            rng: samplerStream(11),
          },
          {},
        );
        const { suggestions } = await simulate(sampler, space, { count: 25, parallel: 2, seed: 11 });
        suggestions.forEach(({ params, reason }, number) => {
          // Ten digits: more would test the machine's exp and log.
          const rounded = Object.entries(params).map(([name, value]) => [
            name,
            typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(10)) : value,
          ]);
          lines.push(`${label} ${number}: ${JSON.stringify(rounded)} ${reason}`);
        });
      }
      await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`samplers/${entry.kind}.txt`);
    });
  }
});
