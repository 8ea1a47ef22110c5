import { describe, expect, it } from "vitest";
import { catalog } from "../../catalog.ts";
import { completionsAt, hoverAt } from "./assist.ts";
import type { StudyDefinition } from "./definition.ts";
import { parseStudy } from "./parse.ts";
import { badText } from "./testing/badStudy.ts";

function diagnosticsOf(text: string, space?: string): StudyDefinition["diagnostics"] {
  const change = { budget: `diagnostics: ${text}\nbudget: { trials: 5 }`, ...(space === undefined ? {} : { space }) };
  const { study, issues } = parseStudy(badText(change), "yaml", catalog);
  if (study === undefined) throw new Error(JSON.stringify(issues));
  return study.diagnostics;
}

/** What is proposed at `|`. */
function proposed(section: string): string[] {
  const text = badText({ budget: `diagnostics: ${section}\nbudget: { trials: 5 }` });
  const offset = text.indexOf("|");
  return completionsAt(text.replace("|", ""), "yaml", offset, catalog).map(({ label }) => label);
}

describe("the diagnostics of a study", () => {
  it("are absent unless asked for, and have defaults", () => {
    expect(parseStudy(badText({}), "yaml", catalog).study).not.toHaveProperty("diagnostics");
    expect(diagnosticsOf("{ sharpness: {} }")).toEqual({
      sharpness: { estimators: ["exact-frobenius", "exact-trace", "rms"], at: "end", samples: 1024, batch: 64 },
    });
    expect(diagnosticsOf("{ rtd: {} }")).toEqual({
      rtd: {
        variant: "one-to-noise",
        use: "diagnostic",
        samples: 128,
        noiseWidth: 256,
        references: 16,
        refresh: "frozen",
      },
    });
  });

  it("take every key", () => {
    const sharpness = "sharpness: { estimators: [keskar, lanczos, keskar], at: 5, samples: 512, batch: 32 }";
    const rtd =
      "rtd: { variant: one-to-all, use: second-objective, samples: 64, layer: dense2, references: 4, refresh: refresh, everyEpochs: 2 }";
    expect(diagnosticsOf(`{ ${sharpness}, ${rtd} }`)).toEqual({
      sharpness: { estimators: ["keskar", "lanczos"], at: 5, samples: 512, batch: 32 },
      rtd: {
        variant: "one-to-all",
        use: "second-objective",
        samples: 64,
        layer: "dense2",
        noiseWidth: 256,
        references: 4,
        refresh: "refresh",
        everyEpochs: 2,
      },
    });
    expect(diagnosticsOf("{ rtd: { noiseWidth: shuffle } }")?.rtd?.noiseWidth).toBe("shuffle");
    expect(diagnosticsOf("{ rtd: { noiseWidth: 64 } }")?.rtd?.noiseWidth).toBe(64);
  });

  it("follow the best trial when compared with it", () => {
    expect(diagnosticsOf("{ rtd: { variant: one-to-top-performer } }")?.rtd?.refresh).toBe("refresh");
    expect(diagnosticsOf("{ rtd: { variant: one-to-top-performer, refresh: frozen } }")?.rtd?.refresh).toBe("frozen");
  });

  it("have noise as wide as the widest layer of the space", () => {
    const space = (line: string): string => `space:\n  lr: { type: float, low: 0.1, high: 9000 }\n  ${line}`;
    const width = (line: string): unknown => diagnosticsOf("{ rtd: {} }", space(line))?.rtd?.noiseWidth;
    expect(width("width2: { type: int, low: 1, high: 700 }")).toBe(700);
    expect(width("hiddenUnits: { type: categorical, choices: [64, 1024, no] }")).toBe(1024);
    expect(width("filters: { type: constant, value: 300 }")).toBe(300);
    expect(width("depth: { type: int, low: 1, high: 700 }")).toBe(256);
  });

  it("can be optimised, once they are asked for", () => {
    const trainer = "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y } }";
    const objective = "objective: { metric: sharpness.rms, direction: minimize }";
    const space = "space:\n  width: { type: int, low: 8, high: 64 }";
    const errors = (diagnostics: string): string[] =>
      parseStudy(badText({ trainer, objective, space, study: `study: a\n${diagnostics}` }), "yaml", catalog)
        .issues.filter(({ severity }) => severity === "error")
        .map(({ message }) => message);
    expect(errors("diagnostics: { sharpness: { estimators: [rms] } }")).toEqual([]);
    expect(errors("diagnostics: { sharpness: { estimators: [sam] } }")[0]).toContain("does not report `sharpness.rms`");
  });

  it("measure what the scheduler chooses by, beside what the file asks for", () => {
    const trainer = "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y }, epochs: 9 }";
    const objective = "objective: { metric: val_accuracy, direction: maximize }";
    const space = "space:\n  width: { type: int, low: 8, high: 64 }";
    const parsed = (scheduler: string, more = "") =>
      parseStudy(
        badText({ trainer, objective, space, study: `study: a\nscheduler: ${scheduler}\n${more}` }),
        "yaml",
        catalog,
      );
    const sharpness = (scheduler: string, more = ""): unknown => parsed(scheduler, more).study?.diagnostics?.sharpness;
    expect(sharpness("fghpo")).toEqual({
      estimators: ["exact-frobenius"],
      at: "end",
      samples: 1024,
      batch: 64,
      alsoAt: 1,
      baseline: true,
    });
    const own = "diagnostics: { sharpness: { estimators: [rms], at: 3, samples: 256 }, rtd: {} }";
    expect(sharpness("{ kind: fghpo, preset: paper, screenEpochs: 2 }", own)).toEqual({
      estimators: ["rms", "penultimate"],
      at: 3,
      samples: 256,
      batch: "trial",
      alsoAt: 2,
    });
    expect(parsed("fghpo", own).study?.diagnostics?.rtd).toBeDefined();
    const batch = "diagnostics: { sharpness: { estimators: [rms], batch: 32 } }";
    expect(sharpness("{ kind: fghpo, preset: paper }", batch)).toMatchObject({ batch: 32 });
    const errors = parsed("{ kind: fghpo, screenEpochs: 9 }").issues.filter(({ severity }) => severity === "error");
    expect(errors.map(({ message }) => message)).toEqual([
      "`fghpo` judges after 9 epochs and trains the best to the end, but a training has 9. Lower `screenEpochs` or raise `epochs`.",
    ]);
  });

  it("take mini-batches of the trial's own size", () => {
    expect(diagnosticsOf("{ sharpness: { batch: trial } }")?.sharpness?.batch).toBe("trial");
  });

  it("are completed and explained", () => {
    expect(proposed("{ | }")).toEqual(expect.arrayContaining(["rtd", "sharpness"]));
    expect(proposed("{ sharpness: { | } }")).toEqual(["estimators", "at", "samples", "batch"]);
    expect(proposed("{ sharpness: { estimators: [ | ] } }")).toEqual(
      expect.arrayContaining(["exact-frobenius", "keskar", "average-case"]),
    );
    expect(proposed("{ rtd: { variant: | } }")).toEqual(["one-to-noise", "one-to-top-performer", "one-to-all"]);
    expect(proposed("{ rtd: { noiseWidth: | } }")).toEqual(expect.arrayContaining(["match", "shuffle"]));
    const text = badText({ budget: "diagnostics: { sharpness: { batch: 32 } }\nbudget: { trials: 5 }" });
    expect(hoverAt(text, "yaml", text.indexOf("batch"), catalog)?.markdown).toContain("mini-batch");
  });
});
