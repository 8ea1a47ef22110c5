import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { candidateVariable, nativeHome, packageFolder, writeManifest } from "../../../native/layout.ts";
import { findNative, loadNative, nativeIdentity } from "./nativeModule.ts";
import { gpuModel } from "./tfjsNodeGpu.ts";

let root: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "basin-find-"));
  env = { XDG_DATA_HOME: path.join(root, "data"), BASIN_DATA_ROOT: path.join(root, "project") };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A package with or without its compiled part. */
function put(folder: string, addon: boolean, main = ""): string {
  mkdirSync(path.join(folder, "lib", "napi-v8"), { recursive: true });
  writeFileSync(
    path.join(folder, "package.json"),
    JSON.stringify({ name: "@tensorflow/tfjs-node-gpu", main: "main.js" }),
  );
  writeFileSync(path.join(folder, "main.js"), main);
  if (addon) writeFileSync(path.join(folder, "lib", "napi-v8", "tfjs_binding.node"), "addon");
  return folder;
}

const inProject = (): string => path.join(root, "project", "node_modules", "@tensorflow", "tfjs-node-gpu");

function install(): string {
  const home = nativeHome(env);
  const folder = put(packageFolder(path.join(home, "gpu-1"), "gpu"), true);
  writeManifest(home, {
    format: 1,
    variant: "gpu",
    folder: "gpu-1",
    origin: "wheel",
    from: "a.whl",
    libtensorflow: "",
    device: "",
    node: "",
    installedAt: "",
  });
  return folder;
}

describe("a native package", () => {
  it("is the candidate that is tried, else the installed one, else the project's", () => {
    const own = put(inProject(), true);
    expect(findNative("gpu", env)?.folder).toBe(own);
    const installed = install();
    expect(findNative("gpu", env)?.folder).toBe(installed);
    const candidate = put(path.join(root, "candidate", "@tensorflow", "tfjs-node-gpu"), true);
    expect(findNative("gpu", { ...env, [candidateVariable]: candidate })?.folder).toBe(candidate);
  });

  it("without its native part hides none that has it, and says what to do when there is no other", () => {
    put(inProject(), false);
    expect(findNative("gpu", env)?.addon).toBeUndefined();
    expect(() => loadNative("gpu", "tfjs-node-gpu", env)).toThrow(
      /native part is not installed\..*basin native install --gpu/,
    );
    const installed = install();
    expect(findNative("gpu", env)?.folder).toBe(installed);
  });

  it("that does not load says why, in one line, and where it lies", () => {
    const broken = `throw new Error("libfoo.so.1: cannot open shared object file\\nand a page more")`;
    put(inProject(), true, broken);
    expect(() => loadNative("gpu", "tfjs-node-gpu", env)).toThrow(
      /^Its native part does not load: libfoo\.so\.1: cannot open shared object file\. It lies in .*tfjs-node-gpu\. /,
    );
  });

  it("is another one once a file of it has changed", () => {
    const folder = install();
    const library = path.join(nativeHome(env), "gpu-1", "libtensorflow");
    mkdirSync(library);
    writeFileSync(path.join(library, "libtensorflow_cc.so.2"), "one");
    const first = nativeIdentity(findNative("gpu", env));
    expect(nativeIdentity(findNative("gpu", env))).toBe(first);
    utimesSync(path.join(library, "libtensorflow_cc.so.2"), 1, 1);
    const second = nativeIdentity(findNative("gpu", env));
    expect(second).not.toBe(first);
    writeFileSync(path.join(folder, "lib", "napi-v8", "tfjs_binding.node"), "another addon");
    expect(nativeIdentity(findNative("gpu", env))).not.toBe(second);
    expect(nativeIdentity(undefined)).toBeUndefined();
  });
});

describe("the model of a GPU", () => {
  it("is what the driver says of the one that CUDA calls first", () => {
    for (const [place, model] of [
      ["0000:65:00.0", "NVIDIA B"],
      ["0000:17:00.0", "NVIDIA A"],
    ] as const) {
      mkdirSync(path.join(root, place));
      writeFileSync(path.join(root, place, "information"), `Model: \t\t ${model} \nIRQ: 1\n`);
    }
    expect(gpuModel(undefined, root)).toBe("NVIDIA A");
    expect(gpuModel("1,0", root)).toBe("NVIDIA B");
    expect(gpuModel("7", root)).toBeUndefined();
    expect(gpuModel("GPU-8932f937", root)).toBeUndefined();
    expect(gpuModel("0", path.join(root, "none"))).toBeUndefined();
  });
});
