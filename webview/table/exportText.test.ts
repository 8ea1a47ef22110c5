import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { generateStudy } from "../gallery/generate.ts";
import { paramsAsJson, paramsAsYaml } from "../inspector/paramsText.ts";
import { compareTrials } from "../inspector/compare.ts";
import { panelColumns } from "../shared/columnModel.ts";
import { csvField, trialsAsCsv, trialsAsJson, trialsAsTsv } from "./exportText.ts";

const { columns: data } = generateStudy(30, { state: "complete", loss: false });
const columns = panelColumns(data);

describe("export", () => {
  it("quotes what CSV needs and disarms formulas", () => {
    expect(csvField("a,b")).toBe('"a,b"');
    expect(csvField('say "x"')).toBe('"say ""x"""');
    expect(csvField("=1+1")).toBe("'=1+1");
    expect(csvField("-cmd")).toBe("'-cmd");
    expect(csvField("-1.5e-3")).toBe("-1.5e-3");
  });
  it("keeps full precision and leaves out what is not set", () => {
    const lines = trialsAsCsv(columns, Int32Array.of(4, 7)).trim().split("\r\n");
    expect(lines).toHaveLength(3);
    const rate = columns.findIndex((c) => c.key === "learningRate");
    expect(Number(lines[1]!.split(",")[rate])).toBe(columns[rate]!.values[4]);
    expect(trialsAsTsv(columns, Int32Array.of(4)).split("\n")[0]!.split("\t")).toHaveLength(columns.length);
    const [trial] = JSON.parse(trialsAsJson(columns, Int32Array.of(4))) as {
      number: number;
      params: Record<string, unknown>;
    }[];
    expect(trial?.number).toBe(4);
    expect("momentum" in (trial?.params ?? {})).toBe(trial?.params["optimizer"] === "sgd");
  });
});

describe("parameters as text", () => {
  it("parse back to the same values", () => {
    const params = {
      rate: 1e-5,
      big: 3e21,
      width: 128,
      on: true,
      name: "adam",
      odd: "yes: no",
      empty: "",
      nothing: null,
      "a b": -0.25,
    };
    expect(parse(paramsAsYaml(params))).toEqual(params);
    expect(JSON.parse(paramsAsJson(params))).toEqual(params);
    expect(paramsAsYaml({ rate: 1e-7, other: 2.5e-8 })).toBe("rate: 1.0e-7\nother: 2.5e-8\n");
  });
});

describe("compareTrials", () => {
  it("marks what differs and which is best", () => {
    const complete = [...data.number].filter((n) => !Number.isNaN(data.objectives[0]!.values[n]!)).slice(0, 3);
    const lines = compareTrials(columns, complete);
    const objective = lines.find(({ column }) => column.role === "objective");
    const best = Math.max(...complete.map((n) => data.objectives[0]!.values[n]!));
    expect(data.objectives[0]!.values[complete[objective!.best]!]).toBe(best);
    expect(compareTrials(columns, [complete[0]!, complete[0]!]).every(({ differs }) => !differs)).toBe(true);
  });
});
