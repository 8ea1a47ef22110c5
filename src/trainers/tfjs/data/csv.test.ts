import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "./csv.ts";

const parse = (text: string, label = "y") => parseCsv(new TextEncoder().encode(text), label);

describe("parseCsv", () => {
  it("reads numbers and labels, wherever the label stands", () => {
    const table = parse("a,y,b\n1,cat,-2.5\n3e2,dog,.5\n");
    expect(table.featureNames).toEqual(["a", "b"]);
    expect([...table.features]).toEqual([1, -2.5, 300, 0.5]);
    expect(table.labels).toEqual(["cat", "dog"]);
    expect(table.rows).toBe(2);
  });

  it("takes quotes, line breaks in them, CRLF, a byte order mark, blank lines and a missing last line end", () => {
    const table = parse('\uFEFF"a",y\r\n1,"say ""hi"""\r\n\r\n"2","two\nlines"');
    expect([...table.features]).toEqual([1, 2]);
    expect(table.labels).toEqual(['say "hi"', "two\nlines"]);
  });

  it.each([
    ["a,y\n1,x\nfoo,x\n", /Line 3: column "a" is "foo"/],
    ["a,y\n\n1,x\n,x\n", /Line 4: column "a" is empty/],
    ["a,y\n1,x\n1\n", /Line 3: 1 fields, but the first line names 2 columns/],
    ["a,y\n1,x,9\n", /Line 2: 3 fields/],
    ["a,y\n1,\n", /Line 2: the label column "y" is empty/],
    ['a,y\n1,"x\n', /Line 2: a quoted field never ends/],
    ['a,y\n1,"x"z\n', /Line 2: text follows a closing quote/],
    ["a,y\n1e999,x\n", /Line 2: column "a" is "1e999"/],
    ["a,z\n1,x\n", /no column "y"/],
    ["a,a,y\n1,1,x\n", /"a" twice/],
    ["y\nx\n", /no feature column/],
    ["a,y\n", /no data/],
    ["", /empty/],
  ])("refuses %j", (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it("reads back every table that is written", () => {
    const table = fc.record({
      columns: fc.integer({ min: 1, max: 5 }),
      rows: fc.array(
        fc.record({
          numbers: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 5, maxLength: 5 }),
          label: fc.string({ minLength: 1, maxLength: 5 }).filter((s) => s.trim() === s && s !== ""),
        }),
        { minLength: 1, maxLength: 20 },
      ),
    });
    fc.assert(
      fc.property(table, ({ columns, rows }) => {
        const header = [...Array.from({ length: columns }, (_, i) => `c${i}`), "y"].join(",");
        const lines = rows.map(({ numbers, label }) =>
          [...numbers.slice(0, columns), `"${label.replaceAll('"', '""')}"`].join(","),
        );
        const read = parse([header, ...lines].join("\n"));
        expect(read.labels).toEqual(rows.map(({ label }) => label));
        expect([...read.features]).toEqual(
          rows.flatMap(({ numbers }) => numbers.slice(0, columns).map((number) => Number(`${number}`))),
        );
      }),
    );
  });
});
