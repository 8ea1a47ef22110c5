import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillArguments } from "./argumentTemplate.ts";

const names = new Set(["lr", "optimizer", "momentum", "model.hidden-dim", "flag", "none"]);
const params = { lr: 1e-5, optimizer: "sgd; rm -rf /", "model.hidden-dim": 64, flag: true, none: null };
const fill = (...template: string[]): string[] => fillArguments(template, names, params);

describe("fillArguments", () => {
  it("puts values inside arguments, as they are", () => {
    expect(fill("train", "--lr={lr}", "{optimizer}", "h{model.hidden-dim}x", "{flag}", "{none}")).toEqual([
      "train",
      "--lr=0.00001",
      "sgd; rm -rf /",
      "h64x",
      "true",
      "",
    ]);
  });

  it.each([
    [
      ["t", "{{lr}}"],
      ["t", "{lr}"],
    ],
    [
      ["t", "{{{lr}}}"],
      ["t", "{0.00001}"],
    ],
    [
      ["awk", "{print $1}"],
      ["awk", "{print $1}"],
    ],
    [
      ["t", "{unknown}", "{}"],
      ["t", "{unknown}", "{}"],
    ],
  ])("%j becomes %j", (template, expected) => {
    expect(fill(...template)).toEqual(expected);
  });

  it.each([
    // An argument that mentions an inactive parameter goes, and the bare flag before it with it.
    [
      ["t", "--momentum", "{momentum}", "--lr", "{lr}"],
      ["t", "--lr", "0.00001"],
    ],
    [["t", "-m", "{momentum}"], ["t"]],
    [
      ["t", "--momentum={momentum}", "x"],
      ["t", "x"],
    ],
    [
      ["t", "data.csv", "{momentum}"],
      ["t", "data.csv"],
    ],
    [
      ["t", "--lr={lr}", "{momentum}"],
      ["t", "--lr={lr}".replace("{lr}", "0.00001")],
    ],
    [
      ["t", "--a", "{lr}", "{momentum}"],
      ["t", "--a", "0.00001"],
    ],
    [
      ["t", "--a", "--momentum", "{momentum}", "{momentum}"],
      ["t", "--a"],
    ],
    [["-t", "{momentum}"], ["-t"]],
  ])("inactive: %j becomes %j", (template, expected) => {
    expect(fill(...template)).toEqual(expected);
  });

  it("never makes more arguments than the template has, and leaves those without braces alone", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (template, value) => {
        const filled = fillArguments(["run", ...template, "{lr}"], names, { lr: value });
        expect(filled.length).toBeLessThanOrEqual(template.length + 2);
        expect(filled.at(-1)).toBe(value);
        const plain = template.filter((argument) => !/[{}]/.test(argument));
        expect(fillArguments(["run", ...plain], names, {})).toEqual(["run", ...plain]);
      }),
    );
  });
});
