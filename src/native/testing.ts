/**
 * Stand-ins for npm, Python, pip, a compiler and the trainer, and an installation that uses them.
 * Invariant: imported by tests only; every fake says in `calls.log` that it was run, and does what its variable says.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { installNative, type InstallOptions, type Installed } from "./install.ts";
import { packageFolder, writeManifest, type NativeManifest } from "./layout.ts";
import { libraryNames } from "./library.ts";
import { progressOf, type NativeProgress } from "./progress.ts";

/** `FAKE_<NAME>`: "fail" ends with 1 and a message, "hang" writes its pid to `hanging` and stays. */
const behaviour = `
const fs = require("node:fs"), path = require("node:path");
const args = process.argv.slice(2), root = process.env.FAKE_ROOT;
const act = (name, work) => {
  fs.appendFileSync(path.join(root, "calls.log"), name + "\\n");
  const wish = process.env["FAKE_" + name.toUpperCase().replace("-", "_")];
  if (wish === "fail") { console.error(name + " is broken on purpose"); process.exit(1); }
  if (wish === "hang") { fs.writeFileSync(path.join(root, "hanging"), String(process.pid)); setInterval(() => {}, 1000); return; }
  work(wish);
};
const put = (file, text = "") => { fs.mkdirSync(path.dirname(file), { recursive: true }); fs.writeFileSync(file, text); };
`;

const npm = `
act("npm", () => {
  const modules = path.join(args[args.indexOf("--prefix") + 1], "node_modules");
  const wanted = args.find((arg) => arg.startsWith("@tensorflow/")).replace(/@[^@]*$/, "");
  const home = path.join(modules, wanted);
  put(path.join(home, "package.json"), JSON.stringify({ name: wanted }));
  put(path.join(home, "binding", "tfjs_backend.cc"));
  put(path.join(home, "scripts", "install.js"), process.env.FAKE_SCRIPT ?? "process.exit(1)");
  put(path.join(modules, "node-api-headers", "include", "node_api.h"));
});
`;

const python = `
const code = args[0] === "-c" ? args[1] : "";
if (code.includes("version_info")) process.exit(0);
else if (code.includes("find_spec")) act("find", () => console.log(process.env.FAKE_TENSORFLOW ?? ""));
else if (code.includes("zipfile")) act("unpack", () => {
  for (const name of args[4].split(",")) put(path.join(args[3], name), "library");
  put(path.join(args[3], "include", "tensorflow", "c", "c_api.h"));
});
else if (args.includes("--version")) process.exit(0);
else act("pip", () => put(path.join(args[args.indexOf("--dest") + 1], "tensorflow_cpu-9.9.9-cp311-any.whl"), "wheel"));
`;

const compiler = `
if (args[0] === "--version") process.exit(0);
act("compiler", () => { put(args[args.indexOf("-o") + 1], "addon"); put(path.join(root, "compiler.json"), JSON.stringify(args)); });
`;

const trainer = `
act("trainer", (wish) => {
  if (wish === "crash") process.kill(process.pid, "SIGSEGV");
  const folder = process.env.BASIN_NATIVE_CANDIDATE;
  const addon = fs.existsSync(path.join(folder, "lib", "napi-v8", "tfjs_binding.node"));
  const answer = wish === "refuse" ? { ok: false, reason: "Its gradients are wrong." } : { ok: addon, device: "CPU, libtensorflow 9.9.9", node: process.version, reason: "no addon" };
  console.log(JSON.stringify({ backend: args[1], ...answer }));
});
`;

export interface NativeBench {
  readonly root: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly told: NativeProgress[];
  readonly options: (changes?: Partial<InstallOptions>) => InstallOptions;
  readonly install: (changes?: Partial<InstallOptions>) => Promise<Installed>;
  /** Puts an installation there as an earlier `install` would have left it: linked into a Python, so that no other source is served by it. */
  readonly earlier: () => NativeManifest;
  /** Names of the fakes that were run, in order; then forgets them. */
  readonly calls: () => string[];
  /** Names in the native home, without the lock. */
  readonly kept: () => string[];
  /** The process of the fake that hangs, once it does. */
  readonly hanging: () => Promise<number>;
  readonly dispose: () => void;
}

/** A new bench. Nothing of it reaches a network: TensorFlow's own host is a closed port. */
export function createNativeBench(): NativeBench {
  const root = mkdtempSync(path.join(os.tmpdir(), "basin-native-"));
  const bin = path.join(root, "bin");
  mkdirSync(bin);
  for (const [name, text] of Object.entries({ npm, python3: python, "c++": compiler, "trainer.cjs": trainer })) {
    const file = path.join(bin, name);
    writeFileSync(file, `#!${process.execPath}\n${behaviour}${text}`);
    chmodSync(file, 0o755);
  }
  const env: NodeJS.ProcessEnv = {
    PATH: bin,
    HOME: root,
    FAKE_ROOT: root,
    TFJS_NODE_CDN_STORAGE: "http://127.0.0.1:9/",
  };
  const home = path.join(root, "data");
  const log = path.join(root, "calls.log");
  const told: NativeProgress[] = [];
  const options = (changes: Partial<InstallOptions> = {}): InstallOptions => ({
    variant: "cpu",
    source: { kind: "auto" },
    home,
    node: process.execPath,
    trainer: path.join(bin, "trainer.cjs"),
    nativeBinding: undefined,
    tell: progressOf((progress) => told.push(progress)),
    signal: new AbortController().signal,
    ...changes,
    env: { ...env, ...changes.env },
  });
  return {
    root,
    home,
    env,
    told,
    options,
    earlier: () => {
      const manifest: NativeManifest = {
        format: 1,
        variant: "cpu",
        folder: "cpu-earlier",
        origin: "python",
        from: "/usr/bin/python3",
        libtensorflow: "2.20.0",
        device: "CPU, libtensorflow 2.20.0",
        node: process.version,
        installedAt: "2026-01-01T00:00:00.000Z",
      };
      mkdirSync(packageFolder(path.join(home, manifest.folder), "cpu"), { recursive: true });
      writeManifest(home, manifest);
      return manifest;
    },
    install: (changes) => installNative(options(changes)),
    calls: () => {
      const names = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
      rmSync(log, { force: true });
      return names;
    },
    kept: () => (existsSync(home) ? readdirSync(home).filter((name) => !name.startsWith("install.lock")) : []),
    hanging: async () => {
      const file = path.join(root, "hanging");
      while (!existsSync(file) || readFileSync(file, "utf8") === "")
        await new Promise((resolve) => setTimeout(resolve, 10));
      return Number(readFileSync(file, "utf8"));
    },
    dispose: () => rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}

/** What the fake Python says of a TensorFlow in `folder`, which is made. */
export function fakeTensorflow(folder: string, cuda: boolean): string {
  mkdirSync(path.join(folder, "include", "tensorflow", "c"), { recursive: true });
  writeFileSync(path.join(folder, "include", "tensorflow", "c", "c_api.h"), "");
  for (const name of libraryNames) writeFileSync(path.join(folder, name), "library");
  return JSON.stringify({ folder, version: "9.9.9", cuda, python: "/opt/env/bin/python3" });
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
