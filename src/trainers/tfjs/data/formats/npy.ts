/**
 * NumPy .npy files: features [rows, ...] and labels [rows], and perhaps both once more for an official test part. Arrays of
 * an archive (npz.ts) come through here too.
 */
import path from "node:path";
import type { DataOptions, NpyDataSpec } from "../../../../core/study/definition.ts";
import { badFile, openFile, type Bytes } from "../files/bytes.ts";
import { npyWidth, readNpyHeader, readNpyLabels, readNpyRows, type NpyArray } from "../files/npyArray.ts";
import { sizeOf } from "../files/numbers.ts";
import { channelsFirst, rowsABlock, type Image, type Source } from "../source.ts";
import { shapeText, type DataFormat, type Peek } from "./format.ts";

/** An array and the bytes it lies in. */
export interface OpenArray {
  readonly bytes: Bytes;
  readonly array: NpyArray;
}

interface Layout {
  readonly image: Image | undefined;
  /** Place in the file for each value of a row; undefined = as stored. */
  readonly order: Int32Array | undefined;
}

/** Whether rows of this shape are images, and whether their channels come first. */
function layoutOf(array: NpyArray, image: Image | undefined): Layout {
  const shape = array.shape.slice(1);
  const [a = 0, b = 0, c = 0] = shape;
  if (image !== undefined) {
    const [height, width, channels] = image;
    if (npyWidth(array) !== height * width * channels) {
      throw badFile(
        array.name,
        `image: ${shapeText(image)} needs ${height * width * channels} values a row, but the rows have the shape ${shapeText(shape)}.`,
      );
    }
    const first = shape.length === 3 && a === channels && b === height && c === width && channels !== c;
    return { image, order: first ? channelsFirst(image) : undefined };
  }
  if (shape.length === 2) return { image: [a, b, 1], order: undefined };
  if (shape.length !== 3) return { image: undefined, order: undefined };
  const isChannels = (size: number): boolean => size === 1 || size === 3 || size === 4;
  if (!isChannels(c) && isChannels(a)) {
    const found: Image = [b, c, a];
    return { image: found, order: channelsFirst(found) };
  }
  return { image: [a, b, c], order: undefined };
}

function checkFeatures(array: NpyArray): void {
  if (array.type === "bytes" || array.type === "unicode") {
    throw badFile(array.name, "features must be numbers, but this array holds texts.");
  }
  if (array.shape.length < 2) {
    throw badFile(
      array.name,
      `features have the shape [rows, ...], but this array has ${shapeText(array.shape)}.`,
      array.shape.length === 1 ? "For one feature a row save array.reshape(-1, 1)." : "",
    );
  }
  if (array.shape[0] === 0 || npyWidth(array) === 0) {
    throw badFile(array.name, `an array of shape ${shapeText(array.shape)} holds no values.`);
  }
}

function checkLabels(features: NpyArray, labels: NpyArray): void {
  if (labels.shape[0] === features.shape[0]) return;
  throw badFile(
    labels.name,
    `it holds labels of the shape ${shapeText(labels.shape)}, but ${features.name} has ${features.shape[0] ?? 0} rows.`,
  );
}

function checkSameWidth(train: NpyArray, test: NpyArray): void {
  if (test.shape.slice(1).join() === train.shape.slice(1).join()) return;
  throw badFile(
    test.name,
    `its rows have the shape ${shapeText(test.shape.slice(1))}, those of ${train.name} ${shapeText(train.shape.slice(1))}.`,
  );
}

/** Features and labels, and perhaps those of the test part: what both formats check and read. */
export interface ArrayParts<T> {
  readonly features: T;
  readonly labels: T;
  readonly test?: { readonly features: T; readonly labels: T };
}

/** Holds the headers against each other. */
export function peekArrays({ features, labels, test }: ArrayParts<NpyArray>, options: DataOptions): Peek {
  checkFeatures(features);
  checkLabels(features, labels);
  if (test !== undefined) {
    checkFeatures(test.features);
    checkSameWidth(features, test.features);
    checkLabels(test.features, test.labels);
  }
  const { image } = layoutOf(features, options.image);
  return { rows: features.shape[0] ?? 0, ...(image === undefined ? {} : { image }) };
}

function joinLabels(first: string[] | Float64Array, second: string[] | Float64Array): string[] | Float64Array {
  if (first instanceof Float64Array && second instanceof Float64Array) {
    const all = new Float64Array(first.length + second.length);
    all.set(first);
    all.set(second, first.length);
    return all;
  }
  return [...Array.from(first, String), ...Array.from(second, String)];
}

/** The arrays as one source; it closes them. */
export function arraySource(parts: ArrayParts<OpenArray>, options: DataOptions): Source {
  const all = [
    parts.features,
    parts.labels,
    ...(parts.test === undefined ? [] : [parts.test.features, parts.test.labels]),
  ];
  const close = (): void => {
    for (const { bytes } of all) bytes.close();
  };
  try {
    const { features, labels, test } = parts;
    const headers = {
      features: features.array,
      labels: labels.array,
      ...(test === undefined ? {} : { test: { features: test.features.array, labels: test.labels.array } }),
    };
    peekArrays(headers, options);
    const width = npyWidth(features.array);
    const { image, order } = layoutOf(features.array, options.image);
    const isBytes = [features, test?.features].every((one) => one === undefined || one.array.type === "uint8");
    const own = readNpyLabels(labels.bytes, labels.array);
    const rows = features.array.shape[0] ?? 0;
    return {
      rows,
      testRows: test?.features.array.shape[0] ?? 0,
      width,
      type: isBytes ? "uint8" : "float32",
      ...(image === undefined ? {} : { image }),
      labels: test === undefined ? own : joinLabels(own, readNpyLabels(test.labels.bytes, test.labels.array)),
      *blocks() {
        for (const one of [features, test?.features]) {
          if (one === undefined) continue;
          const { array } = one;
          const count = array.shape[0] ?? 0;
          const step = rowsABlock(
            width * (array.type === "uint8" ? 1 : array.type === "float64" ? 8 : sizeOf("float32")),
          );
          const room = isBytes ? new Uint8Array(step * width) : new Float32Array(step * width);
          for (let from = 0; from < count; from += step) {
            const to = Math.min(count, from + step);
            const block = room.subarray(0, (to - from) * width);
            readNpyRows(one.bytes, array, from, to, order, block);
            yield block;
          }
        }
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Opens one file a name, closing all of them should one fail. */
function openAll(names: readonly string[], root: string): OpenArray[] {
  const opened: OpenArray[] = [];
  try {
    for (const name of names) {
      const bytes = openFile(root, name);
      try {
        opened.push({ bytes, array: readNpyHeader(bytes) });
      } catch (error) {
        bytes.close();
        throw error;
      }
    }
    return opened;
  } catch (error) {
    for (const { bytes } of opened) bytes.close();
    throw error;
  }
}

function namesOf({ npy, labels, testFeatures, testLabels }: NpyDataSpec): string[] {
  return [npy, labels, ...(testFeatures === undefined || testLabels === undefined ? [] : [testFeatures, testLabels])];
}

/** Features, labels and perhaps test parts from a list in that order. */
export function partsOf<T>([features, labels, testFeatures, testLabels]: readonly T[]): ArrayParts<T> {
  if (features === undefined || labels === undefined) throw new Error("Features and labels are needed.");
  return {
    features,
    labels,
    ...(testFeatures === undefined || testLabels === undefined
      ? {}
      : { test: { features: testFeatures, labels: testLabels } }),
  };
}

export const npyFormat: DataFormat<NpyDataSpec> = {
  key: "npy",
  files: (spec, root) => namesOf(spec).map((name) => path.resolve(root, name)),
  check(spec, root) {
    const opened = openAll(namesOf(spec), root);
    try {
      return peekArrays(partsOf(opened.map(({ array }) => array)), spec);
    } finally {
      for (const { bytes } of opened) bytes.close();
    }
  },
  open: (spec, root) => arraySource(partsOf(openAll(namesOf(spec), root)), spec),
};
