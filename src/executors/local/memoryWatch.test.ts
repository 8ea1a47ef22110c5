import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createLocalExecutor } from "./localExecutor.ts";
import { groupFolders, machineMemory, parseGroup, parseMeminfo } from "./machineMemory.ts";
import { isLow, MemoryWatch, residentOf, type WatchedTrial } from "./memoryWatch.ts";
import { commandJob, record, repositoryRoot, temporaryFolder, trainersFolder, until } from "./testing.ts";

const gib = 1024 ** 3;

describe("what the system tells", () => {
  const meminfo =
    "MemTotal:       16000000 kB\nMemFree:  100 kB\nMemAvailable:    4000000 kB\nSwapTotal:  1000 kB\nSwapFree:  500 kB\n";

  it("is memory and swap of the machine", () => {
    expect(parseMeminfo(meminfo)).toEqual({ available: 4_000_500 * 1024, total: 16_001_000 * 1024 });
    expect(parseMeminfo("")).toBeUndefined();
  });

  it("is the limit of a control group, whose file caches are as good as free", () => {
    const stat = "anon 1\ninactive_file 2000\nactive_file 1000\n";
    expect(parseGroup("10000\n", "9000\n", stat)).toEqual({ available: 4000, total: 10_000 });
    expect(parseGroup("max\n", "9000\n", stat)).toBeUndefined();
    expect(parseGroup("9223372036854771712\n", "9000\n", stat)).toBeUndefined();
    expect(parseGroup("", "", "")).toBeUndefined();
    expect(groupFolders("0::/a/b\n").map(({ folder }) => folder)).toEqual([
      "/sys/fs/cgroup/a/b",
      "/sys/fs/cgroup/a",
      "/sys/fs/cgroup",
    ]);
    expect(groupFolders("4:cpu,memory:/x\n3:cpu:/y\n").map(({ folder }) => folder)).toEqual([
      "/sys/fs/cgroup/memory/x",
      "/sys/fs/cgroup/memory",
    ]);
  });

  it("is the tightest of both", async () => {
    const files: Record<string, string> = {
      "/proc/meminfo": meminfo,
      "/proc/self/cgroup": "0::/job\n",
      "/sys/fs/cgroup/job/memory.max": "1000000\n",
      "/sys/fs/cgroup/job/memory.current": "900000\n",
    };
    const read = (file: string): Promise<string> => Promise.resolve(files[file] ?? "");
    expect(await machineMemory(read)).toEqual({ available: 100_000, total: 1_000_000 });
    expect(await machineMemory(() => Promise.resolve(""))).toBeUndefined();
  });

  it.runIf(process.platform === "linux")(
    "is there on this machine, and so is the memory of a process tree",
    async () => {
      const memory = (await machineMemory())!;
      expect(memory.available).toBeGreaterThan(0);
      expect(memory.available).toBeLessThanOrEqual(memory.total);
      const script = "const b = Buffer.alloc(8e7, 1); console.log('up'); setInterval(() => b, 1e6)";
      const parent = spawn(
        process.execPath,
        [
          "-e",
          `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(script)}], { stdio: 'inherit' })`,
        ],
        { stdio: ["ignore", "pipe", "inherit"], detached: true },
      );
      try {
        await once(parent.stdout, "data");
        const resident = await residentOf([parent.pid!, 2 ** 30]);
        expect(resident.get(parent.pid!)).toBeGreaterThan(1e8);
        expect(resident.get(2 ** 30)).toBe(0);
      } finally {
        process.kill(-parent.pid!, "SIGKILL");
        await once(parent, "exit");
      }
    },
  );
});

describe("when memory runs out", () => {
  let place: ReturnType<typeof temporaryFolder> | undefined;
  afterEach(() => place?.remove());

  it("is when next to nothing is left", () => {
    expect(isLow({ available: 0.03 * gib, total: 2 * gib })).toBe(true);
    expect(isLow({ available: 0.2 * gib, total: 2 * gib })).toBe(false);
    expect(isLow({ available: 2 * gib, total: 512 * gib })).toBe(false);
  });

  it("the trial that holds most is ended, one at a time, and nothing when trials are not to blame", async () => {
    const ended: string[] = [];
    const finish: (() => void)[] = [];
    const trial = (pid: number): WatchedTrial => {
      const { promise, resolve } = Promise.withResolvers<void>();
      finish[pid] = resolve;
      return { pid, finished: promise, endForMemory: (detail) => ended.push(`${pid}: ${detail}`) };
    };
    let held = new Map([
      [1, 5 * gib],
      [2, 9 * gib],
    ]);
    let looks = 0;
    const log: string[] = [];
    const watch = new MemoryWatch({
      log: (message) => log.push(message),
      read: () => Promise.resolve({ available: 0.1 * gib, total: 16 * gib }),
      resident: () => Promise.resolve((looks++, held)),
      everyMs: 1,
    });
    const [first, second] = [trial(1), trial(2)];
    watch.watch(first);
    watch.watch(second);
    await until("the larger one is ended", () => ended.length > 0);
    expect(ended[0]).toMatch(/^2: it held 9\.66 GB of memory, and only 0\.107 GB of 17\.2 GB were left$/);
    expect(looks).toBe(1);
    held = new Map([[1, 0.1 * gib]]);
    watch.forget(second);
    finish[2]!();
    await until("it has looked again", () => log.length > 0 && looks > 3);
    expect(ended).toHaveLength(1);
    expect(log).toHaveLength(1);
    watch.forget(first);
  });

  it("a trial learns why it was ended", async () => {
    place = temporaryFolder("memory");
    let available = 8 * gib;
    const executor = createLocalExecutor({
      distFolder: path.join(repositoryRoot, "dist"),
      gpus: [],
      termGraceMs: 50,
      // So small a machine that a Node which does nothing fills a good part of it.
      machineMemory: () => Promise.resolve({ available, total: 0.1 * gib }),
    });
    const job = commandJob({ run: [process.execPath, path.join(trainersFolder, "silent.mjs")], folder: place.folder });
    const run = record(executor, job);
    available = 0;
    const exit = await run.exit;
    expect(exit).toMatchObject({
      kind: "killed",
      cause: "memory",
      detail: expect.stringMatching(/^it held/) as string,
    });
  });
});
