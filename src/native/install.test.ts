import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { removeNative } from "./install.ts";
import { lockHome } from "./installLock.ts";
import { packageFolder, readManifest } from "./layout.ts";
import { createNativeBench, fakeTensorflow, isAlive, type NativeBench } from "./testing.ts";

let bench: NativeBench;
beforeEach(() => {
  bench = createNativeBench();
});
afterEach(() => bench.dispose());

const everything = ["npm", "find", "pip", "unpack", "compiler", "trainer"];

describe("an installation from PyPI", () => {
  it("builds, tries, and only then becomes the one in use; what only building needed is gone", async () => {
    const { manifest, before } = await bench.install();
    expect(bench.calls()).toEqual(everything);
    expect(before).toBe(false);
    expect(manifest).toMatchObject({
      variant: "cpu",
      origin: "wheel",
      from: "tensorflow_cpu-9.9.9-cp311-any.whl",
      libtensorflow: "9.9.9",
      node: process.version,
    });
    expect(readManifest(bench.home, "cpu")).toEqual(manifest);
    expect(bench.kept().toSorted()).toEqual([manifest.folder, "cpu.json"].toSorted());
    const folder = path.join(bench.home, manifest.folder);
    expect(existsSync(path.join(folder, "download"))).toBe(false);
    expect(existsSync(path.join(folder, "libtensorflow", "include"))).toBe(false);
    // The library is kept, and found from the addon wherever the folder lies.
    expect(readFileSync(path.join(bench.root, "compiler.json"), "utf8")).toMatch(
      /"(\$ORIGIN|@loader_path)\/\.\.\/\.\.\/\.\.\/\.\.\/\.\.\/libtensorflow"/,
    );
  });

  it("tells why TensorFlow's own library is not used, and percent that only grow", async () => {
    await bench.install();
    expect(bench.told.map((progress) => progress.message).join("\n")).toMatch(/127\.0\.0\.1:9 cannot be reached/);
    const percents = bench.told.map((progress) => progress.percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(percents.at(-1)).toBe(100);
  });

  it("does nothing when what is there serves, and builds again when another source is named", async () => {
    const { manifest } = await bench.install();
    bench.calls();
    expect(await bench.install()).toEqual({ manifest, before: true });
    expect(bench.calls()).toEqual(["trainer"]);
    const wheel = path.join(bench.root, "tensorflow-3.0.0-any.whl");
    writeFileSync(wheel, "");
    const other = await bench.install({ source: { kind: "wheel", file: wheel } });
    expect(bench.calls()).toEqual(["npm", "unpack", "compiler", "trainer"]);
    expect(other.manifest.from).toBe("tensorflow-3.0.0-any.whl");
    expect(bench.kept().toSorted()).toEqual([other.manifest.folder, "cpu.json"].toSorted());
  });

  it("replaces one that no longer works", async () => {
    const { manifest } = await bench.install();
    const addon = path.join(packageFolder(path.join(bench.home, manifest.folder), "cpu"), "lib", "napi-v8");
    rmSync(addon, { recursive: true });
    expect((await bench.install()).before).toBe(false);
  });
});

describe("whatever fails, what was installed before stays in use and nothing is left behind", () => {
  it.each([
    ["npm", "fail", /npm could not install @tensorflow\/tfjs-node@\S+ \(exit code 1\): npm is broken on purpose/],
    ["pip", "fail", /pip could not download tensorflow(-cpu)?: pip is broken on purpose/],
    ["unpack", "fail", /tensorflow_cpu-9\.9\.9-cp311-any\.whl cannot be used: unpack is broken on purpose/],
    ["compiler", "fail", /could not build the native part \(exit code 1\): compiler is broken on purpose/],
    ["trainer", "refuse", /does not train: Its gradients are wrong\./],
    ["trainer", "crash", /does not train: the probe ended with SIGSEGV/],
  ])("%s %s", async (program, wish, message) => {
    const manifest = bench.earlier();
    const env = { [`FAKE_${program.toUpperCase()}`]: wish };
    const source = { kind: "pip" } as const;
    await expect(bench.install({ env, source })).rejects.toMatchObject({
      code: "native-backend",
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(/.+/) as string,
    });
    expect(readManifest(bench.home, "cpu")?.folder).toBe(manifest.folder);
    expect(bench.kept().toSorted()).toEqual([manifest.folder, "cpu.json"].toSorted());
  });

  it.each(["npm", "pip", "compiler", "trainer"])("a cancel while %s works ends it", async (program) => {
    const controller = new AbortController();
    const env = { [`FAKE_${program.toUpperCase()}`]: "hang" };
    const running = bench.install({ env, signal: controller.signal });
    const refused = expect(running).rejects.toMatchObject({ code: "cancelled" });
    const pid = await bench.hanging();
    controller.abort();
    await refused;
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    expect(bench.kept()).toEqual([]);
  });

  it("a process that was killed half-way leaves nothing that the next one trips over", async () => {
    const manifest = bench.earlier();
    const module = (name: string): string => JSON.stringify(pathToFileURL(path.join(import.meta.dirname, name)).href);
    const script = `
      const { installNative } = await import(${module("install.ts")});
      const options = JSON.parse(process.env.OPTIONS);
      await installNative({ ...options, tell: () => {}, signal: new AbortController().signal });
    `;
    const options = bench.options({ source: { kind: "pip" }, env: { FAKE_PIP: "hang" } });
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...process.env, OPTIONS: JSON.stringify(options) },
      stdio: "ignore",
    });
    const pip = await bench.hanging();
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    expect(bench.kept()).toHaveLength(3);
    expect(readManifest(bench.home, "cpu")?.folder).toBe(manifest.folder);
    const again = await bench.install({ source: { kind: "pip" } });
    expect(bench.kept().toSorted()).toEqual([again.manifest.folder, "cpu.json"].toSorted());
    process.kill(pip, "SIGKILL");
  });

  it("two at once: the second says so", async () => {
    const unlock = lockHome(bench.home);
    await expect(bench.install()).rejects.toThrow(/Another `basin native` command is at work/);
    unlock();
    expect((await bench.install()).before).toBe(false);
  });
});

describe("what is missing is told at once, before anything is downloaded", () => {
  it("names every program and the package that brings it", async () => {
    const empty = path.join(bench.root, "empty");
    mkdirSync(empty);
    // Beside this Node lies no npm.
    const node = path.join(empty, "node");
    await expect(bench.install({ node, env: { PATH: empty } })).rejects.toMatchObject({
      message: expect.stringMatching(/npm and Python 3 and a C\+\+ compiler are missing/) as string,
      hint: expect.stringMatching(process.platform === "linux" ? /apt-get install python3 python3-pip/ : /./) as string,
    });
    expect(bench.calls()).toEqual([]);
    expect(bench.kept()).toEqual([]);
  });

  it("a Python that is named and not there", async () => {
    const source = { kind: "python", program: "/no/such/python" } as const;
    await expect(bench.install({ source })).rejects.toThrow(/Python 3 at \/no\/such\/python is missing/);
  });
});

describe("TensorFlow's own library", () => {
  async function withHost(work: (address: string) => Promise<void>): Promise<void> {
    const server = http.createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    } finally {
      server.close();
    }
  }
  const good = `
    const fs = require("fs");
    for (const [folder, name] of [["deps/lib", "libtensorflow.so"], ["lib/napi-v8", "tfjs_binding.node"]]) {
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(folder + "/" + name, "");
    }`;

  it("comes first where its host answers", () =>
    withHost(async (host) => {
      const { manifest } = await bench.install({ env: { TFJS_NODE_CDN_STORAGE: host, FAKE_SCRIPT: good } });
      expect(manifest.origin).toBe("official");
      expect(bench.calls()).toEqual(["npm", "trainer", "trainer"]);
    }));

  it("gives way to a wheel when its script fails", () =>
    withHost(async (host) => {
      const { manifest } = await bench.install({ env: { TFJS_NODE_CDN_STORAGE: host } });
      expect(manifest.origin).toBe("wheel");
      expect(bench.told.map(({ message }) => message).join("\n")).toMatch(
        /install script did not bring it \(exit code 1\)/,
      );
    }));

  it("insisted on, says that its host cannot be reached", async () => {
    await expect(bench.install({ source: { kind: "official" } })).rejects.toThrow(
      /own library is not available: 127\.0\.0\.1:9 cannot be reached/,
    );
    expect(bench.calls()).toEqual([]);
  });
});

describe("an installed TensorFlow", () => {
  it("is linked into and not copied", async () => {
    const folder = path.join(bench.root, "site, packages", "tensorflow");
    const env = { FAKE_TENSORFLOW: fakeTensorflow(folder, false) };
    const { manifest } = await bench.install({ env });
    expect(bench.calls()).toEqual(["npm", "find", "compiler", "trainer"]);
    expect(manifest).toMatchObject({ origin: "python", from: "/opt/env/bin/python3", libraryFolder: folder });
    const flags = JSON.parse(readFileSync(path.join(bench.root, "compiler.json"), "utf8")) as string[];
    expect(flags[flags.indexOf("-rpath") + 2]).toBe(folder);
  });

  it("must be one for GPUs where GPUs are wanted", async () => {
    const env = { FAKE_TENSORFLOW: fakeTensorflow(path.join(bench.root, "tensorflow"), false) };
    const source = { kind: "python", program: "python3" } as const;
    await expect(bench.install({ variant: "gpu", source, env })).rejects.toMatchObject({
      hint: expect.stringContaining("tensorflow[and-cuda]") as string,
    });
    await expect(bench.install({ variant: "gpu" })).rejects.toMatchObject({
      message: expect.stringMatching(/has no TensorFlow for GPUs/) as string,
    });
    const cuda = { FAKE_TENSORFLOW: fakeTensorflow(path.join(bench.root, "cuda"), true) };
    const { manifest } = await bench.install({ variant: "gpu", source, env: cuda });
    expect(manifest).toMatchObject({ variant: "gpu", origin: "python" });
  });
});

describe("remove", () => {
  it("takes one away and leaves the other", async () => {
    const cuda = { FAKE_TENSORFLOW: fakeTensorflow(path.join(bench.root, "cuda"), true) };
    const cpu = await bench.install();
    const gpu = await bench.install({ variant: "gpu", env: cuda });
    expect(removeNative(bench.home, "cpu")).toEqual(cpu.manifest);
    expect(bench.kept().toSorted()).toEqual([gpu.manifest.folder, "gpu.json"].toSorted());
    expect(removeNative(bench.home, "cpu")).toBeUndefined();
  });
});
