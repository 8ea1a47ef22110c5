import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DataSpec } from "../../core/study/definition.ts";
import { cpuBackend } from "./backends/cpu.ts";
import { differences, processState } from "./cleanState.ts";
import type { Dataset, Part } from "./data/dataset.ts";
import { keptResources, type Resources } from "./resources.ts";
import type { Tf } from "./tf.ts";

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await cpuBackend.load({ threads: 1 }));
  // A flag is only known once somebody has asked for it.
  tf.env().getBool("DEPRECATION_WARNINGS_ENABLED");
});
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

/** What `work` leaves; it hands in how to take it back. */
function left(work: (after: (step: () => void) => void) => void): string[] {
  const before = processState(tf);
  work((step) => undo.push(step));
  return differences(before, processState(tf));
}

describe("what a trial leaves behind", () => {
  it("is nothing after tensors, variables and timers that were let go", () => {
    expect(
      left(() => {
        tf.tidy(() => void tf.square(tf.tensor1d([1, 2])));
        const start = tf.scalar(1);
        tf.variable(start).dispose();
        start.dispose();
        clearTimeout(setTimeout(() => undefined, 1000));
        const listener = (): void => undefined;
        process.on("SIGUSR2", listener);
        process.removeListener("SIGUSR2", listener);
      }),
    ).toEqual([]);
  });

  it.each<[string, RegExp, (after: (step: () => void) => void) => void]>([
    [
      "a tensor",
      /tensors: \d+ before, \d+ now/,
      (after) =>
        after(
          (
            (t) => () =>
              t.dispose()
          )(tf.scalar(1)),
        ),
    ],
    [
      "a variable",
      /variables: \d+ before/,
      (after) =>
        after(
          (
            (v) => () =>
              v.dispose()
          )(tf.variable(tf.scalar(2))),
        ),
    ],
    [
      "a kernel",
      /kernelRegistry.*cpu.*is new/,
      (after) => {
        tf.registerKernel({ kernelName: "Leftover", backendName: "cpu", kernelFunc: () => [] });
        after(() => tf.unregisterKernel("Leftover", "cpu"));
      },
    ],
    [
      "a replaced kernel",
      /kernelRegistry cpu_Square has changed/,
      (after) => {
        const old = tf.getKernel("Square", "cpu");
        tf.unregisterKernel("Square", "cpu");
        tf.registerKernel({ ...old });
        after(() => undefined);
      },
    ],
    [
      "a flag",
      /flag DEPRECATION_WARNINGS_ENABLED has changed/,
      (after) => {
        const old = tf.env().getBool("DEPRECATION_WARNINGS_ENABLED");
        tf.env().set("DEPRECATION_WARNINGS_ENABLED", !old);
        after(() => tf.env().set("DEPRECATION_WARNINGS_ENABLED", old));
      },
    ],
    [
      "an open scope",
      /open scopes/,
      (after) => {
        tf.engine().startScope();
        after(() => tf.engine().endScope());
      },
    ],
    [
      "a timer",
      /live Timeout/,
      (after) =>
        after(
          (
            (t) => () =>
              clearTimeout(t)
          )(setTimeout(() => undefined, 100_000)),
        ),
    ],
    [
      "a listener",
      /listeners of process for SIGUSR2/,
      (after) => {
        const listener = (): void => undefined;
        process.on("SIGUSR2", listener);
        after(() => process.removeListener("SIGUSR2", listener));
      },
    ],
    [
      "a global",
      /global leftover is new/,
      (after) => {
        Reflect.set(globalThis, "leftover", 1);
        after(() => Reflect.deleteProperty(globalThis, "leftover"));
      },
    ],
    [
      "seeded randomness",
      /Math\.random has changed/,
      (after) => {
        const old = Math.random;
        Math.random = () => 0.5;
        after(() => (Math.random = old));
      },
    ],
    [
      "a variable of the environment",
      /variable BASIN_LEFTOVER is new/,
      (after) => {
        process.env["BASIN_LEFTOVER"] = "1";
        after(() => delete process.env["BASIN_LEFTOVER"]);
      },
    ],
  ])("is noticed: %s", (_, expected, work) => {
    expect(left(work).join("; ")).toMatch(expected);
  });
});

describe("what is kept for the next trial", () => {
  const part = (values: number[]): Part => ({
    rows: values.length,
    features: Float32Array.from(values),
    targets: new Float32Array(values.length),
  });
  const spec: DataSpec = { csv: "package.json", label: "y", validation: 0.2, standardize: true, task: "regression" };
  function kept() {
    let loads = 0;
    let last: Dataset | undefined;
    const load: Resources = {
      dataset: () => {
        loads += 1;
        const parts = { train: part([1, 2, 3]), validation: part([4]), test: part([5]) };
        last = {
          task: "regression",
          inputShape: [1],
          outputs: 1,
          classes: [],
          ...parts,
          targetMean: 0,
          targetScale: 1,
        };
        return Promise.resolve(last);
      },
      backend: (wanted, _options, log) => {
        log(`asked for ${wanted}`);
        return cpuBackend.load({ threads: 1 });
      },
    };
    return { resources: keptResources(load), loads: () => loads, last: () => last };
  }

  it("is the data of the same files and split, and the back end with what was said of it", async () => {
    const { resources, loads } = kept();
    const said: string[] = [];
    const root = process.cwd();
    const first = await resources.dataset(spec, root, 1, () => undefined);
    expect(await resources.dataset(spec, root, 1, () => undefined)).toBe(first);
    expect(await resources.dataset(spec, root, 2, () => undefined)).not.toBe(first);
    expect(loads()).toBe(2);
    for (let i = 0; i < 2; i++) await resources.backend("cpu", { threads: 1 }, (line) => said.push(line));
    expect(said).toEqual(["asked for cpu", "asked for cpu"]);
    expect(await resources.leftovers()).toBeUndefined();
    await expect(resources.backend("wasm", { threads: 1 }, () => undefined)).rejects.toThrow(/cpu/);
  });

  it("is nothing when somebody has written into the data, or left a tensor", async () => {
    const { resources, last } = kept();
    await resources.dataset(spec, process.cwd(), 1, () => undefined);
    const { tf } = await resources.backend("cpu", { threads: 1 }, () => undefined);
    expect(await resources.leftovers()).toBeUndefined();
    const tensor = tf.scalar(3);
    expect(await resources.leftovers()).toMatch(/tensors: \d+ before/);
    tensor.dispose();
    expect(await resources.leftovers()).toBeUndefined();
    (last()!.train.features as Float32Array)[1] = 7;
    expect(await resources.leftovers()).toBe("the data was written into");
  });
});
