/**
 * Reads a CSV file of numeric features and one target column into typed arrays, in one pass over the bytes.
 * Invariant: every value is a finite number or the reader throws, naming line and column; lines count from 1, header included.
 */
import { BasinError } from "../../../core/errors.ts";

export interface Table {
  readonly rows: number;
  /** Feature columns in the file's order, the label left out. */
  readonly featureNames: readonly string[];
  /** Row-major, rows x featureNames.length. */
  readonly features: Float32Array;
  /** The label column as written, without quotes. */
  readonly labels: readonly string[];
}

const comma = 0x2c;
const quote = 0x22;
const newline = 0x0a;
const carriageReturn = 0x0d;

function invalid(message: string, hint = ""): BasinError {
  return new BasinError("invalid-argument", message, hint);
}

/**
 * Cuts the bytes into fields; calls `field` for each and `lineEnd` after each line; blank lines are skipped. Quoted
 * fields may hold line breaks.
 * @throws BasinError "invalid-argument" for quotes that do not match
 */
export function scanCsv(
  bytes: Uint8Array,
  field: (start: number, end: number, quoted: boolean, line: number) => void,
  lineEnd: (line: number) => void,
): void {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let line = 1;
  while (at < bytes.length) {
    const first = line;
    const blank = bytes[at] === newline || bytes[at] === carriageReturn;
    for (let more = !blank; more;) {
      let start = at;
      let end: number;
      let quoted = false;
      if (bytes[at] === quote) {
        quoted = true;
        start = ++at;
        for (;;) {
          if (at >= bytes.length) throw invalid(`Line ${first}: a quoted field never ends.`);
          if (bytes[at] === quote) {
            if (bytes[at + 1] !== quote) break;
            at++;
          } else if (bytes[at] === newline) line++;
          at++;
        }
        end = at++;
        const next = bytes[at];
        if (at < bytes.length && next !== comma && next !== newline && next !== carriageReturn) {
          throw invalid(`Line ${line}: text follows a closing quote.`, 'Write a quote inside a quoted field as "".');
        }
      } else {
        while (at < bytes.length && bytes[at] !== comma && bytes[at] !== newline && bytes[at] !== carriageReturn) at++;
        end = at;
      }
      field(start, end, quoted, line);
      more = bytes[at] === comma;
      if (more) at++;
      else lineEnd(first);
    }
    if (bytes[at] === carriageReturn) at++;
    if (bytes[at] === newline) at++;
    line++;
  }
}

/** A decimal integer of up to 15 digits with optional sign, or NaN: the fast path for pixels and counts. */
function smallInteger(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === 0x2d;
  if (negative) at++;
  if (at >= end || end - at > 15) return Number.NaN;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

const decoder = new TextDecoder();

/** A field as written, without quotes. */
export function fieldText(bytes: Uint8Array, start: number, end: number, quoted: boolean): string {
  const raw = decoder.decode(bytes.subarray(start, end));
  return quoted ? raw.replaceAll('""', '"') : raw.trim();
}

/** The place of the label among the columns. @throws BasinError when the first line cannot be used */
function labelPlace(header: readonly string[], label: string): number {
  const place = header.indexOf(label);
  if (place < 0)
    throw invalid(
      `There is no column "${label}".`,
      `The first line names ${header.slice(0, 12).join(", ")}${header.length > 12 ? ", ..." : ""}.`,
    );
  const names = new Set<string>();
  for (const name of header) {
    if (names.has(name)) throw invalid(`The first line names the column "${name}" twice.`);
    names.add(name);
  }
  if (header.length < 2) throw invalid("There is no feature column beside the label.");
  return place;
}

const headerIsRead = Symbol("header is read");

/**
 * Checks the first line alone.
 * @param head the file's start; a first line that does not end in it goes unchecked unless this is the `whole` file
 * @throws BasinError as `parseCsv` does
 */
export function checkCsvHeader(head: Uint8Array, label: string, whole: boolean): void {
  if (!whole && !head.includes(newline) && !head.includes(carriageReturn)) return;
  const header: string[] = [];
  try {
    scanCsv(
      head,
      (start, end, quoted) => header.push(fieldText(head, start, end, quoted)),
      () => {
        throw headerIsRead;
      },
    );
  } catch (error) {
    if (error !== headerIsRead) throw error;
  }
  if (header.length === 0) throw invalid("The file is empty.");
  labelPlace(header, label);
}

/**
 * Parses a CSV file (RFC 4180; UTF-8; the first line names the columns).
 * @param label name of the target column
 * @throws BasinError "invalid-argument" with the line and column of the first problem
 */
export function parseCsv(bytes: Uint8Array, label: string): Table {
  const text = (start: number, end: number, quoted: boolean): string => fieldText(bytes, start, end, quoted);
  const header: string[] = [];
  const labels: string[] = [];
  let values = new Float32Array(1024);
  let used = 0;
  let column = 0;
  let labelColumn = -1;
  let headerDone = false;

  scanCsv(
    bytes,
    (start, end, quoted, line) => {
      if (!headerDone) {
        header.push(text(start, end, quoted));
        return;
      }
      if (column === labelColumn) {
        const value = text(start, end, quoted);
        if (value === "")
          throw invalid(`Line ${line}: the label column "${label}" is empty.`, "Remove the row or fill it in.");
        labels.push(value);
      } else if (column < header.length) {
        let value = smallInteger(bytes, start, end);
        if (Number.isNaN(value)) {
          const word = text(start, end, quoted);
          value = word === "" ? Number.NaN : Number(word);
          if (!Number.isFinite(Math.fround(value))) {
            const what = word === "" ? "is empty" : `is "${word.slice(0, 40)}", not a finite number`;
            throw invalid(
              `Line ${line}: column "${header[column] ?? column + 1}" ${what}.`,
              "Feature columns must be numeric; encode categories as numbers and fill gaps before training.",
            );
          }
        }
        if (used === values.length) {
          const larger = new Float32Array(2 * used);
          larger.set(values);
          values = larger;
        }
        values[used++] = value;
      }
      column++;
    },
    (line) => {
      if (!headerDone) {
        headerDone = true;
        labelColumn = labelPlace(header, label);
        return;
      }
      if (column !== header.length)
        throw invalid(`Line ${line}: ${column} fields, but the first line names ${header.length} columns.`);
      column = 0;
    },
  );
  if (!headerDone) throw invalid("The file is empty.");
  if (labels.length === 0) throw invalid("The file has a first line but no data.");
  return {
    rows: labels.length,
    featureNames: header.filter((_, i) => i !== labelColumn),
    features: values.slice(0, used),
    labels,
  };
}
