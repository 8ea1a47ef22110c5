import { describe, expect, it } from "vitest";
import { createMetricMatcher, printedNumber } from "./metricPatterns.ts";

function matcher(...patterns: [string, string][]) {
  const warnings: string[] = [];
  const made = createMetricMatcher(
    patterns.map(([metric, pattern]) => ({ metric, pattern })),
    (message) => warnings.push(message),
  );
  return { match: (block: string) => made.match(block), last: made.last, warnings };
}

describe("createMetricMatcher", () => {
  it("reads value and step off a line", () => {
    const { match, last } = matcher(["accuracy", String.raw`epoch (?<step>\d+).*accuracy=(?<value>\S+)`]);
    expect(match("epoch 3: loss=1 accuracy=0.91\nnoise\nepoch 4: accuracy=nan\r\n")).toEqual([
      { step: 3, metrics: { accuracy: 0.91 } },
      { step: 4, metrics: { accuracy: Number.NaN } },
    ]);
    expect(last).toEqual({ accuracy: Number.NaN });
  });

  it("counts where no step is printed, each metric by itself", () => {
    const { match } = matcher(["loss", "loss ([0-9.]+)"], ["accuracy", "acc ([0-9.]+)"]);
    expect(match("loss 3\nacc 0.1\nloss 2\n")).toEqual([
      { step: 1, metrics: { loss: 3 } },
      { step: 1, metrics: { accuracy: 0.1 } },
      { step: 2, metrics: { loss: 2 } },
    ]);
    expect(match("acc 0.2 loss 1\n")).toEqual([
      { step: 3, metrics: { loss: 1 } },
      { step: 2, metrics: { accuracy: 0.2 } },
    ]);
  });

  it("one metric's step serves the whole line", () => {
    const { match } = matcher(
      ["loss", "loss ([0-9.]+)"],
      ["accuracy", String.raw`(?<step>\d+)/10 .*acc (?<value>\S+)`],
    );
    expect(match("7/10 loss 0.5 acc 0.8\n")).toEqual([{ step: 7, metrics: { loss: 0.5, accuracy: 0.8 } }]);
  });

  it("says once that a match is no number", () => {
    const { match, warnings } = matcher(["loss", "loss (.*)"]);
    expect(match("loss high\nloss higher\nloss 1\n")).toEqual([{ step: 1, metrics: { loss: 1 } }]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('"high"');
  });

  it("a pattern that does not compile is a warning", () => {
    expect(matcher(["loss", "("]).warnings[0]).toContain("no regular expression");
  });

  it("does not look at overlong lines", () => {
    expect(matcher(["x", "x([0-9])"]).match(`${" ".repeat(2000)}x1\nx2\n`)).toEqual([{ step: 1, metrics: { x: 2 } }]);
  });

  it("gives up a pattern that would take years; the others go on", () => {
    const { match, warnings } = matcher(["bad", "^(a+)+$"], ["good", "good ([0-9])"]);
    const block = `good 1\n${"a".repeat(60)}! good 2\ngood 3\n`;
    expect(match(block).map((report) => report.metrics)).toEqual([{ good: 1 }, { good: 2 }, { good: 3 }]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('"bad"');
    expect(match(`${"a".repeat(60)}!\n`)).toEqual([]);
    expect(warnings).toHaveLength(1);
  });
});

describe("printedNumber", () => {
  it.each([
    ["1", 1],
    [" -0.5e-3 ", -0.0005],
    ["+.5", 0.5],
    ["3.", 3],
    ["NaN", Number.NaN],
    ["-inf", Number.NEGATIVE_INFINITY],
    ["Infinity", Number.POSITIVE_INFINITY],
  ])("%j is %f", (text, value) => expect(printedNumber(text)).toBe(value));
  it.each(["", "high", "0x10", "1,5", "1e", "--1"])("%j is none", (text) =>
    expect(printedNumber(text)).toBeUndefined(),
  );
});
