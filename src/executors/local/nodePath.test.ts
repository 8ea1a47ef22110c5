import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseNode, chooseNodeSync, isUsableVersion } from "./nodePath.ts";
import { temporaryFolder } from "./testing.ts";

describe("chooseNode", () => {
  let place: ReturnType<typeof temporaryFolder>;
  beforeEach(() => (place = temporaryFolder("node")));
  afterEach(() => place.remove());
  const editor = { execPath: "/editor/code", electron: true };

  it("takes the setting, then BASIN_NODE, then the Node it runs in", async () => {
    expect(await chooseNode({ nodePath: "/a/node", env: { BASIN_NODE: "/b/node" }, ...editor })).toMatchObject({
      path: "/a/node",
      env: {},
    });
    expect(await chooseNode({ nodePath: "", env: { BASIN_NODE: "/b/node" }, ...editor })).toMatchObject({
      path: "/b/node",
    });
    expect(await chooseNode({ env: {}, execPath: "/usr/bin/node", electron: false })).toMatchObject({
      path: "/usr/bin/node",
      env: {},
    });
  });

  it.skipIf(process.platform === "win32")(
    "inside an editor, asks PATH and falls back to the editor's own",
    async () => {
      const question = { env: { PATH: `${place.folder}:/bin` }, ...editor };
      const fallback = { path: "/editor/code", env: { ELECTRON_RUN_AS_NODE: "1" } };
      const node = path.join(place.folder, "node");
      for (const [output, expected] of [
        ["v16.20.0", fallback],
        ["v20.1.0", { path: "node", env: {} }],
        ["rubbish", fallback],
      ] as const) {
        writeFileSync(node, `#!/bin/sh\necho ${output}\n`);
        chmodSync(node, 0o755);
        expect(await chooseNode(question)).toMatchObject(expected);
        expect(chooseNodeSync(question)).toMatchObject(expected);
      }
      expect(await chooseNode({ env: { PATH: path.join(place.folder, "empty") }, ...editor })).toMatchObject(fallback);
    },
  );

  it("knows versions", () => {
    expect(isUsableVersion("v18.0.0\n")).toBe(true);
    expect(isUsableVersion("v9.11.2")).toBe(false);
    expect(isUsableVersion("")).toBe(false);
  });
});
