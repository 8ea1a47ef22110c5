/**
 * A Python with PyTorch for the tests of basin.torch: the virtual environment .venv-test, made where `CI` is set.
 * Invariant: nothing is installed on a person's machine; there a reason says what is missing and how to get it.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { aptInstall, works } from "./apt.ts";

/** The pin is the version whose numbers the fixtures were made with; the others only run the callbacks. */
const packages = ["torch==2.13.0", "numpy", "pyyaml", "lightning", "transformers", "accelerate"];
const imports = "import torch, numpy, yaml, lightning, transformers, accelerate";

/** The environment's interpreter, or why there is none. @throws where it could be made and making it failed */
export function torchPython(root: string): { readonly python: string } | { readonly reason: string } {
  const folder = path.join(root, ".venv-test");
  const python = path.join(folder, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
  if (works(python, ["-c", imports])) return { python };
  if ((process.env["CI"] ?? "") === "") {
    const how = `python3 -m venv .venv-test && .venv-test/bin/pip install ${packages.join(" ")}`;
    return { reason: `there is no Python environment with PyTorch (${how})` };
  }
  if (!existsSync(python) || !works(python, ["-m", "pip", "--version"])) makeEnvironment(folder);
  // What no index offers cannot be installed; an index that is there and does not deliver is a failure.
  if (!works(python, ["-m", "pip", "index", "versions", "torch"]))
    return { reason: "pip reaches no index with PyTorch" };
  execFileSync(python, ["-m", "pip", "install", "-qq", "--no-compile", ...packages], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (!works(python, ["-c", imports])) throw new Error(`${python} cannot import what was installed into .venv-test`);
  return { python };
}

function makeEnvironment(folder: string): void {
  const args = ["-m", "venv", "--clear", folder];
  if (works("python3", args)) return;
  // Debian keeps the module apart.
  if (!aptInstall(["python3-venv"]))
    throw new Error("python3 has no venv module, and python3-venv cannot be installed");
  execFileSync("python3", args, { stdio: ["ignore", "inherit", "inherit"] });
}
