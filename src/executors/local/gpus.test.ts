import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findGpus, findGpusSync, GpuPool, parseNvidiaSmi, visibleIds } from "./gpus.ts";
import { temporaryFolder } from "./testing.ts";

describe("finding GPUs", () => {
  let place: ReturnType<typeof temporaryFolder>;
  beforeEach(() => (place = temporaryFolder("gpus")));
  afterEach(() => place.remove());

  it("reads nvidia-smi -L; a GPU that is cut up counts as its parts", () => {
    const listing = [
      "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f)",
      "  MIG 3g.20gb Device 0: (UUID: MIG-aaaa)",
      "  MIG 3g.20gb Device 1: (UUID: MIG-bbbb)",
      "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-6c89852c-d268-c3f3-1b07-005d5ae1dc3f)",
      "",
    ].join("\n");
    expect(parseNvidiaSmi(listing)).toEqual(["MIG-aaaa", "MIG-bbbb", "1"]);
    expect(parseNvidiaSmi("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")).toEqual([]);
  });

  it("deals only what CUDA_VISIBLE_DEVICES leaves", async () => {
    expect(visibleIds("3, GPU-aa,5")).toEqual(["3", "GPU-aa", "5"]);
    expect(visibleIds("1,-1,2")).toEqual(["1"]);
    expect(visibleIds("")).toEqual([]);
    expect(await findGpus({ CUDA_VISIBLE_DEVICES: "2,3", PATH: "" })).toEqual(["2", "3"]);
  });

  it.skipIf(process.platform === "win32")("asks the nvidia-smi on PATH, and takes its failure for none", async () => {
    expect(await findGpus({ PATH: place.folder })).toEqual([]);
    const smi = path.join(place.folder, "nvidia-smi");
    writeFileSync(smi, "#!/bin/sh\necho 'GPU 0: Pretend (UUID: GPU-1)'\necho 'GPU 1: Pretend (UUID: GPU-2)'\n");
    chmodSync(smi, 0o755);
    const env = { PATH: `${place.folder}:/usr/bin:/bin` };
    expect(await findGpus(env)).toEqual(["0", "1"]);
    expect(findGpusSync(env)).toEqual(["0", "1"]);
    writeFileSync(smi, "#!/bin/sh\necho 'no driver'\nexit 9\n");
    expect(await findGpus(env)).toEqual([]);
    expect(findGpusSync(env)).toEqual([]);
  });
});

describe("GpuPool", () => {
  it("gives each trial a GPU of its own while there are any, then shares evenly", () => {
    const pool = new GpuPool(["0", "1"]);
    const [a, b, c] = [pool.take(1), pool.take(1), pool.take(1)];
    expect([a.visible, b.visible, c.visible]).toEqual(["0", "1", "0"]);
    b.release();
    b.release();
    expect(pool.take(1).visible).toBe("1");
    expect(pool.take(1).visible).toBe("1");
  });

  it("gives several, and no more than there are", () => {
    const pool = new GpuPool(["0", "1", "2"]);
    expect(pool.take(2)).toMatchObject({ visible: "0,1", label: "GPUs 0, 1" });
    expect(pool.take(5)).toMatchObject({ visible: "0,1,2" });
  });

  it("hides all from a trial that wants none, and touches nothing where there are none", () => {
    expect(new GpuPool(["0"]).take(0)).toMatchObject({ visible: "", label: "" });
    expect(new GpuPool([]).take(1)).toMatchObject({ visible: undefined, label: "" });
  });
});
