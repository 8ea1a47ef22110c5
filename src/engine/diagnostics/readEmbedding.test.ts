import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtures, npyBytes } from "../../trainers/tfjs/data/testing/dataFiles.ts";
import { readEmbedding } from "./readEmbedding.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-embedding-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

describe("NumPy files", () => {
  const expected = JSON.parse(readFileSync(path.join(fixtures, "expected.json"), "utf8")) as Record<
    string,
    { shape: number[]; values: number[] }
  >;

  it("keeps every number as NumPy wrote it, in any type and order", () => {
    for (const name of ["c_le_f8", "c_be_f8", "c_le_f4", "c_le_i8", "c_u1", "fortran_f8", "fortran_4d"]) {
      const { shape, values } = expected[name]!;
      const cloud = readEmbedding(path.join(fixtures, `${name}.npy`));
      expect([cloud.count, cloud.width]).toEqual([shape[0], shape.slice(1).reduce((x, y) => x * y)]);
      expect([...cloud.points]).toEqual(values);
    }
  });

  it("refuses what is no embedding, by the name it was given", () => {
    const npy = (shape: readonly number[], bytes: number): string =>
      written("array.npy", npyBytes("<f8", shape, new Uint8Array(bytes)));
    expect(() => readEmbedding(npy([5], 40), "a.npy")).toThrow("a.npy: an embedding has the shape [samples, ...]");
    expect(() => readEmbedding(npy([2, 2], 32), "a.npy")).toThrow("a.npy has 2 points");
    expect(() => readEmbedding(npy([4, 0], 0), "a.npy")).toThrow("a.npy has no columns");
    expect(() => readEmbedding(npy([40_000, 1], 320_000), "a.npy")).toThrow("at most 32767");
    expect(readEmbedding(npy([40_000, 1], 320_000), "a.npy", Infinity).count).toBe(40_000);
    expect(() => readEmbedding(npy([4, 2], 63), "a.npy")).toThrow("a.npy: the shape [4, 2] needs 64 bytes");
    const infinite = new Float64Array([0, 1, 2, Infinity, 4, 5, 6, 7]);
    expect(() => readEmbedding(written("array.npy", npyBytes("<f8", [4, 2], new Uint8Array(infinite.buffer))))).toThrow(
      "row 2, column 2 is Infinity",
    );
    expect(() => readEmbedding(path.join(fixtures, "names_unicode.npy"))).toThrow("shape");
    expect(() => readEmbedding(path.join(fixtures, "objects.npy"))).toThrow("pickle");
    expect(() => readEmbedding(path.join(folder, "none.npy"), "none.npy")).toThrow(
      "none.npy cannot be read: it is not there.",
    );
    expect(() => readEmbedding(written("array.txt", ""), "array.txt")).toThrow("a .npy or a .csv file");
  });
});

describe("CSV files", () => {
  const read = (text: string) => readEmbedding(written("table.csv", text), "t.csv");

  it("takes the first line for names when it is no numbers", () => {
    const plain = read("1,2\n3,4.5\n-5e-3,6\n");
    expect(plain).toMatchObject({ count: 3, width: 2 });
    expect([...plain.points]).toEqual([1, 2, 3, 4.5, -0.005, 6]);
    expect(read('x,"y"\r\n1,2\r\n3,4.5\r\n-5e-3,6')).toEqual(plain);
    expect([...read("0.1\n0.30000000000000004\n1e-310\n").points]).toEqual([0.1, 0.30000000000000004, 1e-310]);
  });

  it("tells line and column of what it cannot read", () => {
    expect(() => read("1,2\n3,x\n5,6\n")).toThrow('t.csv: line 2, column 2 is "x", not a number.');
    expect(() => read("1,2\n3,\n5,6\n")).toThrow("t.csv: line 2, column 2 is empty.");
    expect(() => read("1,2\n3\n5,6\n")).toThrow("t.csv: line 2 has 1 fields, but the first line 2.");
    expect(() => read("")).toThrow("t.csv: the file is empty.");
    expect(() => read("a,b\n1,2\n")).toThrow("t.csv has 1 points.");
    expect(() => read("1,2\n3,4\n5,-inf\n")).toThrow("t.csv: the number in row 3, column 2 is -Infinity.");
    expect(() => read("1,2\n3,NaN\n5,6\n")).toThrow("row 2, column 2 is NaN");
    expect(() => read(",a\n0,1\n1,2\n2,3\n")).toThrow("likely to be a row number");
    expect(() => read('1,"2\n')).toThrow("t.csv: Line 1: a quoted field never ends.");
    expect(() => read("1\n".repeat(40_000))).toThrow("t.csv has 40000 points; at most 32767");
  });
});
