import { expect, it } from "vitest";
import { z } from "zod";
import { renderSamplersDoc } from "./documentation.ts";
import { samplers } from "./registry.ts";

it("is what docs/samplers.md says (npm run schema)", async () => {
  await expect(renderSamplersDoc(samplers)).toMatchFileSnapshot("../../docs/samplers.md");
});

it("has a section for every sampler and a row for every option", () => {
  const text = renderSamplersDoc(samplers);
  for (const { kind, options } of samplers) {
    const section = text.split(`\n### ${kind}\n`)[1]?.split("\n### ")[0] ?? "";
    for (const name of Object.keys(options.shape)) expect(section, kind).toContain(`| \`${name}\` |`);
  }
});

it("tells bounds, choices and defaults", () => {
  const options = z.strictObject({
    size: z.int().min(2).default(3).describe("How many | how large."),
    share: z.number().gt(0).lt(1).default(0.5).describe("A share."),
    way: z.enum(["a", "b"]).default("a").describe("Which way."),
  });
  const text = renderSamplersDoc([
    { kind: "mine", label: "Mine", summary: "For tests.", source: "A. Author.", options },
  ]);
  expect(text).toContain("| `size` | `3` | whole number from 2 | How many \\| how large. |");
  expect(text).toContain("| `share` | `0.5` | number above 0 below 1 | A share. |");
  expect(text).toContain('| `way` | `"a"` | `a`, `b` | Which way. |');
  expect(text).toContain("Source: A. Author.\n");
});
