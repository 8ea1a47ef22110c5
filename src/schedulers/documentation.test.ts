import { expect, it } from "vitest";
import { renderSchedulersDoc } from "./documentation.ts";
import { schedulers } from "./registry.ts";

it("is what docs/schedulers.md says (npm run schema)", async () => {
  await expect(renderSchedulersDoc(schedulers)).toMatchFileSnapshot("../../docs/schedulers.md");
});

it("has a section for every scheduler and a row for every option", () => {
  const text = renderSchedulersDoc(schedulers);
  for (const { kind, options } of schedulers) {
    const section = text.split(`\n### ${kind}\n`)[1]?.split("\n### ")[0] ?? "";
    for (const name of Object.keys(options.shape)) expect(section, kind).toContain(`| \`${name}\` |`);
  }
});
