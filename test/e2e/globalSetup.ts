/** Before the first file: a workbench on this machine, and a package to install in it. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../../scripts/workbench/locations.ts";
import { setUpWorkbench } from "../../scripts/workbench/setup.ts";

/** While working on a test: the working tree with its dist/ instead of the package, which takes a minute to make. */
export const linkedForDevelopment = process.env["BASIN_E2E_LINKED"] !== undefined;

declare module "vitest" {
  interface ProvidedContext {
    vsix: string;
  }
}

export default async function setUp({ provide }: { provide: (key: "vsix", value: string) => void }): Promise<void> {
  await setUpWorkbench();
  const { name, version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Record<
    "name" | "version",
    string
  >;
  const vsix = path.join(root, `${name}-${version}.vsix`);
  if (!linkedForDevelopment && !existsSync(vsix))
    throw new Error(`There is no ${path.basename(vsix)}: run \`npm run package\` first, or \`npm run test:e2e\`.`);
  provide("vsix", vsix);
}
