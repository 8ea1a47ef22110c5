import { assert, constantFrom, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { catalog } from "../../catalog.ts";
import type { Space } from "../../core/space/parameter.ts";
import { parseStudy } from "../../core/study/parse.ts";
import { anyCharacters } from "../testing.ts";
import { safeFileName } from "./fileNames.ts";
import { paramsToText, parseParams } from "./paramsText.ts";
import { studyTemplate } from "./studyTemplate.ts";

const space: Space = [
  { type: "float", name: "learningRate", low: 1e-5, high: 1, log: true },
  { type: "int", name: "width", low: 16, high: 512, log: true },
  { type: "categorical", name: "optimizer", choices: ["sgd", "adam", "true"] },
  { type: "constant", name: "seed", value: 1 },
];

describe("a configuration as typed", () => {
  test.each([
    ["learningRate: 0.01, optimizer: adam", { learningRate: 0.01, optimizer: "adam" }],
    ["learningRate=1e-3 , width = 64", { learningRate: 0.001, width: 64 }],
    ['{ "width": 32 }', { width: 32 }],
    ["", {}],
  ])("%s", (text, params) => expect(parseParams(text, space)).toEqual({ ok: true, params }));

  test.each([
    ["rate: 1", "rate is no parameter"],
    ["width: 7", "7 is not a value of width: whole numbers from 16 to 512"],
    ["optimizer: lion", '"sgd", "adam"'],
    ["learningRate", "learningRate"],
    ["[1, 2", "name: value"],
  ])("%s is refused with the reason", (text, message) => {
    const parsed = parseParams(text, space);
    expect(parsed.ok ? "" : parsed.message).toContain(message);
  });

  test("what is offered reads back as the same, without constants", () => {
    const params = { learningRate: 0.003, width: 128, optimizer: "true", seed: 1 };
    const text = paramsToText(params, space);
    expect(text).toBe('learningRate: 0.003, width: 128, optimizer: "true"');
    expect(parseParams(text, space)).toEqual({
      ok: true,
      params: { learningRate: 0.003, width: 128, optimizer: "true" },
    });
  });
});

describe("New Study File", () => {
  test.each(["my-study", 'a "quoted" name', "3"])("is a valid study when called %s", (name) => {
    const { study, issues } = parseStudy(studyTemplate(name), "yaml", catalog);
    expect(issues).toEqual([]);
    expect(study?.name).toBe(name);
  });

  test("any name gives a file name that is no path and not hidden", () => {
    assert(
      property(string({ unit: constantFrom(...anyCharacters) }), (name) => {
        const file = safeFileName(name);
        expect(file).toMatch(/^[^./\\\s-][^/\\\s]*$/u);
      }),
    );
  });
});
