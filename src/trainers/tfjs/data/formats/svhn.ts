/**
 * SVHN, cropped digits: train_32x32.mat and test_32x32.mat with X [32, 32, 3, rows] and y [rows, 1]; the label 10 means 0.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import type { SvhnDataSpec } from "../../../../core/study/definition.ts";
import { badFile, openFile, type Bytes } from "../files/bytes.ts";
import { requireFolder } from "../files/cifarRecords.ts";
import { matNumbers, peekMat, readMatArray, type MatArray } from "../files/mat5.ts";
import { rowsABlock, type Image, type Source } from "../source.ts";
import { shapeText, type DataFormat } from "./format.ts";

const hint = "Name the folder that holds train_32x32.mat of SVHN's cropped digits.";

interface Files {
  readonly train: string;
  readonly test: string | undefined;
}

function find({ svhn }: SvhnDataSpec, root: string): Files {
  requireFolder(root, svhn, hint);
  const train = path.join(svhn, "train_32x32.mat");
  const test = path.join(svhn, "test_32x32.mat");
  if (!existsSync(path.resolve(root, train))) throw badFile(svhn, "there is no train_32x32.mat.", hint);
  return { train, test: existsSync(path.resolve(root, test)) ? test : undefined };
}

function checkShapes(
  file: string,
  images: readonly number[] | undefined,
  labels: readonly number[] | undefined,
): { readonly rows: number; readonly image: Image } {
  if (images === undefined || labels === undefined) {
    throw badFile(file, `there is no numeric array "${images === undefined ? "X" : "y"}".`, hint);
  }
  // MATLAB drops trailing sizes of one: a single image has three sizes.
  const [height = 0, width = 0, channels = 1, rows = 1] = images;
  if (images.length < 3 || images.length > 4 || height * width * channels * rows === 0) {
    throw badFile(file, `X has the shape [height, width, channels, rows], but this one has ${shapeText(images)}.`);
  }
  const count = labels.reduce((product, size) => product * size, 1);
  if (count !== rows) throw badFile(file, `y holds ${count} labels for ${rows} images.`);
  return { rows, image: [height, width, channels] };
}

/** Labels 1 to 10, of which 10 stands for the digit 0. */
function digits(file: string, array: MatArray): Float64Array {
  return matNumbers(array).map((label, i) => {
    if (!Number.isInteger(label) || label < 0 || label > 10)
      throw badFile(file, `row ${i + 1} has the label ${label}, but labels are 1 to 10.`, "It is damaged.");
    return label === 10 ? 0 : label;
  });
}

interface OpenPart {
  readonly file: Bytes;
  readonly images: MatArray;
  readonly rows: number;
  readonly image: Image;
  readonly labels: Float64Array;
}

function openPart(root: string, shown: string): OpenPart {
  const file = openFile(root, shown);
  try {
    const images = readMatArray(file, "X");
    const labels = readMatArray(file, "y");
    if (images.type !== "uint8") throw badFile(shown, "X does not hold bytes.", "It is not a file of SVHN.");
    const shape = checkShapes(shown, images.shape, labels.shape);
    return { file, images, ...shape, labels: digits(shown, labels) };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Where each value of a [height, width, channels] image stands when the first index runs fastest. */
function firstIndexFastest([height, width, channels]: Image): Int32Array {
  return Int32Array.from({ length: height * width * channels }, (_, i) => {
    const channel = i % channels;
    const column = Math.floor(i / channels) % width;
    const row = Math.floor(i / (channels * width));
    return row + height * (column + width * channel);
  });
}

export const svhnFormat: DataFormat<SvhnDataSpec> = {
  key: "svhn",
  files(spec, root) {
    const { test, train } = find(spec, root);
    return [train, ...(test === undefined ? [] : [test])].map((file) => path.resolve(root, file));
  },
  check(spec, root) {
    const { test, train } = find(spec, root);
    const peek = (shown: string): { readonly rows: number; readonly image: Image } => {
      const file = openFile(root, shown);
      try {
        const shapes = peekMat(file);
        return checkShapes(shown, shapes.get("X"), shapes.get("y"));
      } finally {
        file.close();
      }
    };
    const first = peek(train);
    if (test !== undefined) checkSame(test, first.image, peek(test).image);
    return first;
  },
  open(spec, root): Source {
    const { test, train } = find(spec, root);
    const parts: OpenPart[] = [];
    const close = (): void => {
      for (const { file } of parts) file.close();
    };
    try {
      for (const name of [train, test]) if (name !== undefined) parts.push(openPart(root, name));
      const [first, second] = parts;
      if (first === undefined) throw new Error("There is no training part.");
      if (second !== undefined && test !== undefined) checkSame(test, first.image, second.image);
      const order = firstIndexFastest(first.image);
      const width = order.length;
      const labels = new Float64Array(first.rows + (second?.rows ?? 0));
      labels.set(first.labels);
      if (second !== undefined) labels.set(second.labels, first.rows);
      return {
        rows: first.rows,
        testRows: second?.rows ?? 0,
        width,
        type: "uint8",
        image: first.image,
        labels,
        classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
        *blocks() {
          const step = rowsABlock(width);
          const [rawRoom, blockRoom] = [new Uint8Array(step * width), new Uint8Array(step * width)];
          for (const { images, rows } of parts) {
            for (let from = 0; from < rows; from += step) {
              const count = Math.min(rows, from + step) - from;
              const raw = rawRoom.subarray(0, count * width);
              const block = blockRoom.subarray(0, count * width);
              images.bytes.readInto(raw, from * width);
              for (let at = 0; at < block.length; at += width)
                for (let j = 0; j < width; j++) block[at + j] = raw[at + order[j]!]!;
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
  },
};

function checkSame(file: string, train: Image, test: Image): void {
  if (train.join() === test.join()) return;
  throw badFile(file, `its images have the shape ${shapeText(test)}, those of the training part ${shapeText(train)}.`);
}
