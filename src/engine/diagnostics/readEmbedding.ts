/**
 * An embedding from a file: a NumPy array whose first axis is the samples, or a CSV file of numbers, one sample a line.
 * Invariant: every number is as the file has it (float64); a file that is not wholly understood is refused, with its place.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { BasinError, errorText } from "../../core/errors.ts";
import { mostPoints, pointCloudOfShape, requireCount, type PointCloud } from "../../topology/pointCloud.ts";
import { fieldText, scanCsv } from "../../trainers/tfjs/data/csv.ts";
import { badFile, openFile } from "../../trainers/tfjs/data/files/bytes.ts";
import { npyWidth, readNpyHeader, readNpyRows } from "../../trainers/tfjs/data/files/npyArray.ts";

/**
 * Reads a whole file; synchronous, so for threads and the command line.
 * @param shown its name for messages
 * @param most points; see `pointCloud`
 * @throws BasinError `invalid-argument` for files that are missing, damaged, or hold no embedding (see `pointCloud`)
 */
export function readEmbedding(file: string, shown: string = file, most: number = mostPoints): PointCloud {
  switch (path.extname(file).toLowerCase()) {
    case ".npy":
      return readNpy(file, shown, most);
    case ".csv":
      return readCsv(file, shown, most);
    default:
      throw badFile(shown, "an embedding is a .npy or a .csv file.", "Write it with numpy.save(file, array).");
  }
}

function readNpy(file: string, shown: string, most: number): PointCloud {
  const bytes = named(shown, () => openFile(path.dirname(file), path.basename(file)));
  try {
    const array = { ...readNpyHeader({ ...bytes, name: shown }), name: shown };
    if (array.shape.length < 2)
      throw badFile(
        shown,
        `an embedding has the shape [samples, ...], but this array has [${array.shape.join(", ")}].`,
        array.shape.length === 1 ? "For one number a sample save array.reshape(-1, 1)." : "",
      );
    const [count = 0] = array.shape;
    // Before so many numbers are read.
    requireCount(count, shown, most);
    const points = new Float64Array(count * npyWidth(array));
    readNpyRows({ ...bytes, name: shown }, array, 0, count, undefined, points);
    return pointCloudOfShape(points, array.shape, shown, most);
  } finally {
    bytes.close();
  }
}

/** The system's own errors as one of ours, with the name that the person gave. */
function named<T>(shown: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const cause = error instanceof BasinError ? error.cause : error;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const why =
      code === "ENOENT" ? "it is not there" : code === "EISDIR" ? "it is a folder" : errorText(cause ?? error);
    throw new BasinError("invalid-argument", `${shown} cannot be read: ${why}.`, "", { cause: error });
  }
}

function readCsv(file: string, shown: string, most: number): PointCloud {
  const bytes = named(shown, () => readFileSync(file));
  const reader = new NumberLines(bytes, shown);
  try {
    scanCsv(bytes, reader.field, reader.lineEnd);
  } catch (error) {
    if (error instanceof BasinError && !error.message.startsWith(shown))
      throw badFile(shown, error.message, error.hint);
    throw error;
  }
  return reader.cloud(most);
}

/** Collects the numbers of a CSV file, whose first line may name the columns. */
class NumberLines {
  readonly #bytes: Uint8Array;
  readonly #shown: string;
  #values = new Float64Array(1024);
  #used = 0;
  /** Fields of the first line, until it is known whether they are names. */
  #first: string[] = [];
  #columns = 0;
  #lines = 0;
  #column = 0;

  constructor(bytes: Uint8Array, shown: string) {
    this.#bytes = bytes;
    this.#shown = shown;
  }

  readonly field = (start: number, end: number, quoted: boolean, line: number): void => {
    const text = fieldText(this.#bytes, start, end, quoted);
    this.#column++;
    if (this.#columns === 0) {
      this.#first.push(text);
      return;
    }
    const value = numberOf(text);
    if (value === undefined) {
      const what = text === "" ? "is empty" : `is "${text.slice(0, 40)}", not a number`;
      throw badFile(this.#shown, `line ${line}, column ${this.#column} ${what}.`, "Leave out columns of texts.");
    }
    this.#add(value);
  };

  readonly lineEnd = (line: number): void => {
    if (this.#columns === 0) this.#startFrom(this.#first);
    else if (this.#column !== this.#columns)
      throw badFile(this.#shown, `line ${line} has ${this.#column} fields, but the first line ${this.#columns}.`);
    else this.#lines++;
    this.#column = 0;
  };

  cloud(most: number): PointCloud {
    if (this.#columns === 0) throw badFile(this.#shown, "the file is empty.");
    return pointCloudOfShape(this.#values.slice(0, this.#used), [this.#lines, this.#columns], this.#shown, most);
  }

  /** The first line is numbers, or names. */
  #startFrom(fields: readonly string[]): void {
    this.#columns = fields.length;
    const values = fields.map(numberOf);
    if (values.every((value) => value !== undefined)) {
      for (const value of values) this.#add(value);
      this.#lines++;
    } else if (fields[0] === "") {
      throw badFile(
        this.#shown,
        "its first column has no name: it is likely to be a row number.",
        "Write the file without it: to_csv(file, index=False).",
      );
    }
  }

  #add(value: number): void {
    if (this.#used === this.#values.length) {
      const larger = new Float64Array(2 * this.#used);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#used++] = value;
  }
}

/** Undefined for other texts. "nan" and "inf", as NumPy writes them, are numbers here: they are refused with their place. */
function numberOf(text: string): number | undefined {
  const value = text === "" ? Number.NaN : Number(text);
  if (!Number.isNaN(value)) return value;
  const special = /^([+-]?)(nan|inf)(?:inity)?$/i.exec(text);
  if (special === null) return undefined;
  return special[2]?.toLowerCase() === "nan" ? Number.NaN : Number(`${special[1] ?? ""}Infinity`);
}
