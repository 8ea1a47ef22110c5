import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseDuration } from "./duration.ts";
import { studyFormatOf } from "./format.ts";
import { positionsOf } from "./positions.ts";
import { didYouMean, editDistance, nearest } from "./suggest.ts";
import { placeholdersIn, splitWords } from "./words.ts";
import { flowText, yamlWord } from "./yamlText.ts";

describe("studyFormatOf", () => {
  it.each<[string, string | undefined]>([
    ["digits.study.yaml", "yaml"],
    ["/a/b/digits.study.yml", "yaml"],
    ["C:\\a\\Digits.STUDY.JSON", "json"],
    ["digits.yaml", undefined],
    ["study.yaml", undefined],
    ["/a/.study.yaml", undefined],
    ["digits.study.yaml.bak", undefined],
    ["digits.study.toml", undefined],
  ])("%s is %s", (path, format) => {
    expect(studyFormatOf(path)).toBe(format);
  });
});

describe("positionsOf", () => {
  it("counts LF, CR LF and CR, and clamps", () => {
    const positions = positionsOf("ab\ncd\r\n\re");
    expect([0, 2, 3, 5, 7, 8, 9, 99].map((offset) => positions.at(offset))).toEqual([
      { line: 0, character: 0 },
      { line: 0, character: 2 },
      { line: 1, character: 0 },
      { line: 1, character: 2 },
      { line: 2, character: 0 },
      { line: 3, character: 0 },
      { line: 3, character: 1 },
      { line: 3, character: 1 },
    ]);
    expect(positions.offset(1, 99)).toBe(5);
    expect(positions.offset(-1, 3)).toBe(0);
    expect(positions.offset(9, 0)).toBe(9);
    expect(positionsOf("").at(0)).toEqual({ line: 0, character: 0 });
  });

  it("goes there and back", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "\n", "\r\n", "\r", "é", "😀") }), fc.nat(), (text, at) => {
        const offset = at % (text.length + 1);
        const insideEnd = text.charAt(offset - 1) === "\r" && text.charAt(offset) === "\n";
        const { line, character } = positionsOf(text).at(offset);
        if (!insideEnd) expect(positionsOf(text).offset(line, character)).toBe(offset);
        expect(text.slice(0, offset - character).split(/\r\n|\r|\n/)).toHaveLength(line + 1);
      }),
    );
  });
});

describe("parseDuration", () => {
  it.each<[string | number, number | undefined]>([
    ["2h", 7200],
    ["90m", 5400],
    ["90min", 5400],
    ["30s", 30],
    ["1h30m", 5400],
    ["1d 2h 3m 4.5s", 93_784.5],
    [" 1.5 h ", 5400],
    [90, 90],
    [0.5, 0.5],
    ["90", undefined],
    ["2 hours", undefined],
    ["30m1h", undefined],
    ["-1h", undefined],
    ["", undefined],
    ["0s", undefined],
    [0, undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ])("%j is %s", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });
});

describe("splitWords", () => {
  it.each<[string, string[]]>([
    ["python train.py --lr {lr}", ["python", "train.py", "--lr", "{lr}"]],
    ["  a\t b  ", ["a", "b"]],
    [`a "b c" 'd "e"' f"g"'h'`, ["a", "b c", 'd "e"', "fgh"]],
    [String.raw`a\ b "c\"d" 'e\f' C:\x\y`, ["a b", 'c"d', String.raw`e\f`, String.raw`C:\x\y`]],
    [`a "" ''`, ["a", "", ""]],
    ["", []],
    ["a\\", ["a\\"]],
  ])("%s", (text, words) => {
    const split = splitWords(text);
    expect(split.ok && split.words).toEqual(words);
  });

  it("says where a quote opens that never closes", () => {
    expect(splitWords(`a 'b "c`)).toEqual({ ok: false, message: "The quote ' is never closed.", start: 2, end: 7 });
  });

  it("splits what was joined, whatever the words", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const quoted = words.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(" ");
        const split = splitWords(quoted);
        expect(split.ok && split.words).toEqual(words);
      }),
    );
  });
});

describe("placeholdersIn", () => {
  it.each<[string, string[]]>([
    ["--lr={lr}", ["lr"]],
    ["{a}{b.c}-{d-e}", ["a", "b.c", "d-e"]],
    ["{{a}} {b}", ["b"]],
    ["{print $1} {} {0}", []],
    ["{ a }", [" a "]],
    ["{a", []],
    ['{"lr": {lr}}', ["lr"]],
  ])("%s", (text, names) => {
    expect(placeholdersIn(text).map(({ name }) => name)).toEqual(names);
  });
});

describe("suggestions", () => {
  it("measures slips", () => {
    expect(editDistance("lerningRate", "learningRate")).toBe(1);
    expect(editDistance("tpa", "tpe")).toBe(1);
    expect(editDistance("teh", "the")).toBe(1);
    expect(editDistance("", "abc")).toBe(3);
  });

  it("is a distance: symmetric, zero only for equal words", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  it("offers what was probably meant, and nothing else", () => {
    const known = ["learningRate", "batchSize", "width", "maximize"];
    expect(nearest("lerning_rate", known)).toBe("learningRate");
    expect(nearest("batch-size", known)).toBe("batchSize");
    expect(nearest("max", known)).toBe("maximize");
    expect(nearest("depth", known)).toBeUndefined();
    expect(nearest("w", known)).toBeUndefined();
    expect(nearest("", known)).toBeUndefined();
    expect(didYouMean("widht", known)).toBe(" Did you mean `width`?");
  });
});

describe("YAML text", () => {
  it("reads back as what was written", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: "binary" }),
          fc.constantFrom(
            "on",
            "1e5",
            ".5",
            "~",
            "null",
            "a: b",
            "a #b",
            "-",
            "0x1f",
            ".inf",
            "yes",
            "",
            " a",
            "a ",
            "é",
            "./a.js",
            "=",
            "<<",
          ),
        ),
        (text) => {
          expect(parse(yamlWord(text))).toBe(text);
          expect(parse(`{ a: ${yamlWord(text)}, b: 1 }`)).toEqual({ a: text, b: 1 });
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        expect(parse(flowText(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
