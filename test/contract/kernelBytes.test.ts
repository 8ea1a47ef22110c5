/**
 * The compiled kernel in the tree is what its sources compile to.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileKernel, kernelFile, kernelText } from "../../scripts/kernel.ts";

test("src/topology/kernelBytes.ts is up to date: else run `npm run build`", async () => {
  expect(readFileSync(kernelFile, "utf8") === kernelText(await compileKernel())).toBe(true);
});
