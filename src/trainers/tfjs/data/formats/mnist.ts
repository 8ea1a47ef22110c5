/**
 * MNIST and everything in its format (Fashion-MNIST, Kuzushiji-MNIST, EMNIST): four IDX files in a folder, plain or gzipped.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import type { MnistDataSpec } from "../../../../core/study/definition.ts";
import { badFile, type Bytes } from "../files/bytes.ts";
import { requireFolder } from "../files/cifarRecords.ts";
import { openIdx, peekIdx, type IdxHeader } from "../files/idx.ts";
import { decodeNumbers, sizeOf } from "../files/numbers.ts";
import { rowsABlock, type Image, type Source } from "../source.ts";
import { shapeText, type DataFormat } from "./format.ts";

const hint = "Name a folder with train-images-idx3-ubyte and train-labels-idx1-ubyte, as they are or gzipped (.gz).";

interface Pair {
  readonly images: string;
  readonly labels: string;
}

interface Files {
  readonly train: Pair;
  readonly test: Pair | undefined;
}

/** `train-images-idx3-ubyte`, `emnist-balanced-train-images-idx3-ubyte.gz`, `t10k-labels.idx1-ubyte` ... */
const pattern = /^(?:(.+)-)?(train|t10k|test)-(images|labels)[-.]idx[1-4]-u?byte(?:\.gz)?$/;

function find({ mnist, prefix }: MnistDataSpec, root: string): Files {
  requireFolder(root, mnist, hint);
  const found = new Map<string, string>();
  const prefixes = new Set<string>();
  for (const name of readdirSync(path.resolve(root, mnist)).sort()) {
    const match = pattern.exec(name);
    if (match === null) continue;
    const [, own = "", part = "", what = ""] = match;
    if (part === "train" && what === "images") prefixes.add(own);
    const key = `${own}/${part === "train" ? "train" : "test"}/${what}`;
    // Unpacked files sort before their gzipped twins.
    if (!found.has(key)) found.set(key, path.join(mnist, name));
  }
  const [only, ...more] = prefixes;
  if (only === undefined) throw badFile(mnist, "there is no train-images-idx3-ubyte.", hint);
  if (prefix === undefined && more.length > 0 && !prefixes.has("")) {
    throw badFile(
      mnist,
      `the folder holds several data sets: ${[...prefixes].join(", ")}.`,
      `Say which one: \`prefix: ${only}\` beside \`mnist\`.`,
    );
  }
  const wanted = prefix ?? (prefixes.has("") ? "" : only);
  if (!prefixes.has(wanted)) {
    const names = [...prefixes].map((one) => (one === "" ? "none" : one));
    throw badFile(mnist, `no files begin with "${wanted}-train-images".`, `Prefixes there: ${names.join(", ")}.`);
  }
  const pair = (part: "train" | "test"): Pair | undefined => {
    const images = found.get(`${wanted}/${part}/images`);
    const labels = found.get(`${wanted}/${part}/labels`);
    if (images === undefined && labels === undefined) return undefined;
    if (images === undefined) throw badFile(labels ?? mnist, `the images of the ${part} part are missing.`, hint);
    if (labels === undefined) throw badFile(images, `the labels of the ${part} part are missing.`, hint);
    return { images, labels };
  };
  const train = pair("train");
  if (train === undefined) throw badFile(mnist, "there is no train-images-idx3-ubyte.", hint);
  return { train, test: pair("test") };
}

/** Images [rows, height, width] or [rows, height, width, channels], labels [rows]. */
function shapeOf(pair: Pair, images: IdxHeader, labels: IdxHeader): { readonly rows: number; readonly image: Image } {
  const [rows = 0, height = 0, width = 0, channels = 1] = images.shape;
  if (images.shape.length < 3 || rows * height * width * channels === 0) {
    throw badFile(
      pair.images,
      `images have the shape [rows, height, width], but these have ${shapeText(images.shape)}.`,
    );
  }
  if (labels.shape.length !== 1 || labels.shape[0] !== rows) {
    throw badFile(pair.labels, `it holds labels of the shape ${shapeText(labels.shape)} for ${rows} images.`);
  }
  return { rows, image: [height, width, channels] };
}

function checkSame(pair: Pair, train: Image, test: Image): void {
  if (train.join() === test.join()) return;
  throw badFile(
    pair.images,
    `its images have the shape ${shapeText(test)}, those of the training part ${shapeText(train)}.`,
  );
}

interface OpenPair {
  readonly images: { readonly header: IdxHeader; readonly bytes: Bytes };
  readonly rows: number;
  readonly image: Image;
  readonly labels: Float64Array;
}

function openPair(root: string, pair: Pair): OpenPair {
  const labels = openIdx(root, pair.labels);
  let numbers: Float64Array;
  try {
    numbers = new Float64Array(labels.bytes.size / sizeOf(labels.header.type));
    decodeNumbers(labels.bytes.read(0, labels.bytes.size), labels.header.type, false, numbers);
  } finally {
    labels.bytes.close();
  }
  const images = openIdx(root, pair.images);
  try {
    return { images, labels: numbers, ...shapeOf(pair, images.header, labels.header) };
  } catch (error) {
    images.bytes.close();
    throw error;
  }
}

function source(root: string, { test, train }: Files): Source {
  const parts: OpenPair[] = [];
  const close = (): void => {
    for (const { images } of parts) images.bytes.close();
  };
  try {
    for (const pair of [train, test]) if (pair !== undefined) parts.push(openPair(root, pair));
    const [first, second] = parts;
    if (first === undefined) throw new Error("There is no training part.");
    if (second !== undefined && test !== undefined) checkSame(test, first.image, second.image);
    const width = first.image[0] * first.image[1] * first.image[2];
    const isBytes = parts.every(({ images }) => images.header.type === "uint8");
    const labels = new Float64Array(first.rows + (second?.rows ?? 0));
    labels.set(first.labels);
    if (second !== undefined) labels.set(second.labels, first.rows);
    return {
      rows: first.rows,
      testRows: second?.rows ?? 0,
      width,
      type: isBytes ? "uint8" : "float32",
      image: first.image,
      labels,
      *blocks() {
        for (const { images, rows } of parts) {
          const size = width * sizeOf(images.header.type);
          const step = rowsABlock(size);
          for (let from = 0; from < rows; from += step) {
            const count = Math.min(rows, from + step) - from;
            const raw = images.bytes.read(from * size, count * size);
            if (isBytes) yield raw;
            else {
              const block = new Float32Array(count * width);
              decodeNumbers(raw, images.header.type, false, block);
              yield block;
            }
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

export const mnistFormat: DataFormat<MnistDataSpec> = {
  key: "mnist",
  files(spec, root) {
    const { test, train } = find(spec, root);
    return [train, test].flatMap((pair) =>
      pair === undefined ? [] : [path.resolve(root, pair.images), path.resolve(root, pair.labels)],
    );
  },
  check(spec, root) {
    const { test, train } = find(spec, root);
    const peek = (pair: Pair): { readonly rows: number; readonly image: Image } =>
      shapeOf(pair, peekIdx(root, pair.images), peekIdx(root, pair.labels));
    const first = peek(train);
    if (test !== undefined) checkSame(test, first.image, peek(test).image);
    return first;
  },
  open: (spec, root) => source(root, find(spec, root)),
};
