import { describe, expect, it } from "vitest";
import {
  inheritedEnvironment,
  paramText,
  paramVariable,
  trialEnvironment,
  type TrialEnvironment,
} from "./environment.ts";

const trial: TrialEnvironment = {
  studyName: "s",
  studyFolder: "/w",
  number: 3,
  attempt: 2,
  seed: 11,
  splitSeed: 5,
  params: { lr: 0.1, "model.hidden-dim": 64, LR: 9, text: "a b" },
  paramsFile: "/w/.basin/t/params.json",
  trialFolder: "/w/.basin/t",
  checkpointFolder: "/w/.basin/t/checkpoints",
  marker: "m",
  threads: 2,
  visibleGpus: "1",
  pythonPath: "/dist/python",
};

describe("trialEnvironment", () => {
  it("says everything the protocol promises", () => {
    const tuneOnline = { rule: "cosine", momentum: { name: "m", start: 0.9, low: 0, high: 1 } } as const;
    expect(
      trialEnvironment({ ...trial, untilStep: 5, tuneOnline, hdCopy: "keep" }, { PATH: "/bin" }, {}),
    ).toMatchObject({
      PATH: "/bin",
      BASIN_PROTOCOL: "1",
      BASIN_STUDY: "s",
      BASIN_TRIAL: "3",
      BASIN_ATTEMPT: "2",
      BASIN_SEED: "11",
      BASIN_SPLIT_SEED: "5",
      BASIN_PARAMS: JSON.stringify(trial.params),
      BASIN_PARAM_LR: "0.1",
      BASIN_PARAM_MODEL_HIDDEN_DIM: "64",
      BASIN_PARAM_TEXT: "a b",
      BASIN_CHECKPOINT_DIR: "/w/.basin/t/checkpoints",
      BASIN_DATA_ROOT: "/w",
      BASIN_MARKER: "m",
      BASIN_THREADS: "2",
      BASIN_UNTIL_STEP: "5",
      BASIN_HD_COPY: "keep",
      BASIN_TUNE_ONLINE: '{"rule":"cosine","momentum":{"name":"m","start":0.9,"low":0,"high":1}}',
      OMP_NUM_THREADS: "2",
      CUDA_VISIBLE_DEVICES: "1",
      CUDA_DEVICE_ORDER: "PCI_BUS_ID",
      PYTHONUNBUFFERED: "1",
    });
  });

  it("leaves to the user what the user has set", () => {
    const own = { CUDA_VISIBLE_DEVICES: "7", BASIN_THREADS: "8", BASIN_TRIAL: "99", PYTHONPATH: "/mine" };
    const env = trialEnvironment(trial, { OMP_NUM_THREADS: "5" }, own);
    expect(env).toMatchObject({ CUDA_VISIBLE_DEVICES: "7", BASIN_THREADS: "8", OMP_NUM_THREADS: "5" });
    expect(env["BASIN_TRIAL"]).toBe("3");
    expect(env["PYTHONPATH"]).toMatch(/^\/dist\/python[:;]\/mine$/);
  });

  it("touches no CUDA variable where there is no GPU", () => {
    const env = trialEnvironment({ ...trial, visibleGpus: undefined }, {}, {});
    expect(Object.keys(env).filter((name) => name.startsWith("CUDA"))).toEqual([]);
  });

  it("leaves parameters that no variable holds to the file", () => {
    const env = trialEnvironment({ ...trial, params: { long: "x".repeat(200_000), nul: "a\0b" } }, {}, {});
    expect(env["BASIN_PARAMS"]).toBeUndefined();
    expect(env["BASIN_PARAM_LONG"]).toBeUndefined();
    expect(env["BASIN_PARAM_NUL"]).toBeUndefined();
  });
});

describe("inheritedEnvironment", () => {
  it("lets nothing of the editor's or an outer trial's through", () => {
    expect(
      inheritedEnvironment({
        PATH: "/bin",
        ELECTRON_RUN_AS_NODE: "1",
        VSCODE_IPC_HOOK: "x",
        BASIN_PARAM_LR: "3",
        BASIN_NODE: "/n",
        NODE_OPTIONS: "--require /x/ms-vscode.js-debug/bootloader.js",
      }),
    ).toEqual({ PATH: "/bin", BASIN_NODE: "/n" });
    expect(inheritedEnvironment({ NODE_OPTIONS: "--max-old-space-size=4096" })).toEqual({
      NODE_OPTIONS: "--max-old-space-size=4096",
    });
  });
});

describe("texts", () => {
  it("writes values and names", () => {
    expect([1e-7, 0.1, "a", true, null].map(paramText)).toEqual(["1e-7", "0.1", "a", "true", ""]);
    expect(paramVariable("learningRate")).toBe("BASIN_PARAM_LEARNINGRATE");
  });
});
