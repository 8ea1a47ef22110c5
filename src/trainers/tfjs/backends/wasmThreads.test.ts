import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { nodeBundle } from "../../../../scripts/bundleOptions.ts";
import { afterEach, describe, expect, it } from "vitest";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { LoadedBackend } from "./backend.ts";
import { wasmBackend } from "./wasm.ts";
import { compileKernels, functionNames } from "./wasmKernels/simd/binary.ts";
import { columnSumsJob } from "./wasmKernels/simd/columns.ts";
import { values } from "./wasmKernels/testing.ts";
import { startThreads, type PoolOptions, type ThreadPool } from "./wasmThreads.ts";

/** Everything whose work is shared out, at sizes where it is; a digest of each result. */
function compute({ tf }: LoadedBackend): string[] {
  const results = tf.tidy(() => {
    const x = tf.tensor4d(values("x", [24, 12, 12, 16]), [24, 12, 12, 16]);
    const w = tf.tensor4d(values("w", [3, 3, 16, 24]), [3, 3, 16, 24]);
    const a = tf.tensor2d(values("a", [300, 200]), [300, 200]);
    const b = tf.tensor2d(values("b", [200, 150]), [200, 150]);
    const layer = tf.layers.batchNormalization({});
    const norm = tf.grad((t) => tf.sum(tf.square(layer.apply(t, { training: true }) as Tensor4D)))(x);
    const pool = tf.grad((t) => tf.sum(tf.square(tf.maxPool(t as Tensor4D, 3, 2, "same"))))(x);
    const all = [
      tf.conv2d(x, w, 1, "same"),
      ...tf.grads((t, f) => tf.sum(tf.square(tf.conv2d(t as Tensor4D, f as Tensor4D, 1, "same"))))([x, w]),
      tf.matMul(a, b),
      tf.matMul(a, tf.matMul(a, b), true),
      norm,
      pool,
    ];
    tf.dispose(layer.getWeights());
    return all;
  });
  return results.map((result) => {
    const bytes = new Uint8Array(result.dataSync().slice().buffer);
    result.dispose();
    return createHash("sha256").update(bytes).digest("hex");
  });
}

describe("threads of WebAssembly", () => {
  it("change no bit of any result, however many there are, and whenever they run", async () => {
    const alone = compute(await wasmBackend.load({ threads: 1 }));
    for (const threads of [2, 5]) {
      const loaded = await wasmBackend.load({ threads });
      expect(loaded.threads).toBe(threads);
      expect(compute(loaded)).toEqual(alone);
      expect(compute(loaded)).toEqual(alone);
    }
    await wasmBackend.load({ threads: 1 });
  });
});

describe("the pool", () => {
  let pool: ThreadPool | undefined;
  afterEach(() => pool?.end());

  const rows = 64;
  function start(options: Partial<PoolOptions>): {
    memory: WebAssembly.Memory;
    log: string[];
    ready: Promise<ThreadPool>;
  } {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
    const log: string[] = [];
    const ready = startThreads({
      module: compileKernels(true).module,
      memory,
      names: functionNames,
      threads: 3,
      log: (message) => log.push(message),
      ...options,
    });
    return { memory, log, ready };
  }

  /** Sums four columns of ones, one task a row; gives what came out. */
  function sums(memory: WebAssembly.Memory, used: ThreadPool): number[] {
    const cells = new Float32Array(memory.buffer);
    cells.fill(1, 1024, 1024 + 4 * rows);
    cells.fill(0, 8192, 8192 + 4 * rows);
    const job = columnSumsJob.pack({
      x: 4096,
      y: 0,
      shift: 0,
      rows,
      rowsATask: 1,
      columns: 4,
      partial: 32_768,
      partialBytes: 16,
    });
    new Int32Array(memory.buffer).set(job, 0);
    used.run(functionNames.indexOf("columnSum"), 0, rows);
    return [...cells.subarray(8192, 8192 + 4 * rows)];
  }
  const right = Array.from({ length: 4 * rows }, () => 1);

  it("does every task, job after job", async () => {
    const { memory, log, ready } = start({});
    pool = await ready;
    expect(pool.threads).toBe(3);
    for (let job = 0; job < 200; job++) expect(sums(memory, pool)).toEqual(right);
    expect(log).toEqual([]);
  });

  it("falls back to one thread, and says why, where workers do not start", async () => {
    for (const [source, reason] of [
      ["throw new Error('no workers today')", /1 of 3 threads.*no workers today/],
      ["process.exit(3)", /1 of 3 threads.*ended at once/],
      ["setInterval(() => undefined, 1000)", /1 of 3 threads.*not ready after/],
    ] as const) {
      const { memory, log, ready } = start({ source, startLimitMs: 2000 });
      pool = await ready;
      expect(pool.threads).toBe(1);
      expect(log.join("\n")).toMatch(reason);
      expect(sums(memory, pool)).toEqual(right);
      await pool.end();
    }
  });

  /** A worker that says it is ready and then treats each task as `task` says. */
  const worker = (task: string): string => `
    const { parentPort, workerData: { control } } = require("node:worker_threads");
    parentPort.postMessage("ready");
    for (;;) {
      const seen = Atomics.load(control, 0);
      if ((seen & 0xffff) === 0) { Atomics.wait(control, 0, seen); continue; }
      if (Atomics.compareExchange(control, 0, seen, seen - 1) !== seen) continue;
      ${task}
    }`;

  it("does the work again alone where a worker fails", async () => {
    const { memory, log, ready } = start({
      source: worker("Atomics.store(control, 4, 1); Atomics.add(control, 3, 1); Atomics.notify(control, 3);"),
    });
    pool = await ready;
    // Until a worker was quick enough to take a task.
    for (let job = 0; job < 10_000 && log.length === 0; job++) expect(sums(memory, pool)).toEqual(right);
    expect(log.join("\n")).toMatch(/goes on with one thread/);
    expect(pool.threads).toBe(1);
    expect(sums(memory, pool)).toEqual(right);
  });

  it("does not wait for ever for a worker that has died", async () => {
    const { memory, ready } = start({ source: worker("process.exit(1);"), stallLimitMs: 200 });
    pool = await ready;
    const used = pool;
    expect(() => {
      for (let job = 0; job < 10_000 && used.threads > 1; job++) sums(memory, used);
    }).toThrow(/has not answered/);
  });
});

it("leaves no worker and keeps no process alive at its end", async () => {
  const cache = path.resolve("node_modules", ".cache", `basin-threads-${process.pid}`);
  try {
    await build({
      stdin: {
        contents: `import { wasmBackend } from "./wasm.ts";
          wasmBackend.load({ threads: 3 }).then(({ tf, threads }) => {
            const x = tf.ones([64, 300]);
            console.log(threads, tf.matMul(x, x, true).dataSync()[0]);
          });`,
        resolveDir: import.meta.dirname,
        loader: "ts",
      },
      // Below the root, so that the bundle finds the WebAssembly files of the packages.
      outfile: path.join(cache, "main.cjs"),
      ...nodeBundle,
      logLevel: "error",
    });
    // Without a word to end: the process must find its end by itself.
    const ran = spawnSync(process.execPath, [path.join(cache, "main.cjs")], { encoding: "utf8", timeout: 60_000 });
    expect({ out: ran.stdout, error: ran.stderr, code: ran.status }).toEqual({ out: "3 64\n", error: "", code: 0 });
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});
