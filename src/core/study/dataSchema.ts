/**
 * The `data` part of a study file: a union of formats, each named by its first key (`csv: ...`, `cifar10: ...`).
 * Invariant: the first key of every format is required and no other format has it, so it alone decides which one is meant.
 */
import { z } from "zod";

const place = (what: string, example: string): z.ZodString =>
  z
    .string()
    .min(1)
    .describe(what)
    .meta({ examples: [example] });

const validation = z
  .number()
  .gt(0)
  .lt(1)
  .default(0.2)
  .describe("Fraction of the rows that trials are compared on. Taken off the training rows of data with a test part.");

const test = z.number().min(0).lt(1);

const officialTest = test
  .optional()
  .describe(
    "Fraction of the rows kept for a last check of the winner. Without it, the data's own test part is used, and 0.2 of the rows where there is none.",
  );

const standardize = z
  .boolean()
  .default(true)
  .describe(
    "Scale every feature (every channel of images) to mean 0 and deviation 1, fitted on the training rows only. Without it, bytes of images become 0 to 1.",
  );

const image = z
  .tuple([z.int().positive(), z.int().positive(), z.int().positive()])
  .optional()
  .describe("[height, width, channels] when a row is an image (row by row, channels last).")
  .meta({ examples: [[8, 8, 1]] });

const task = z
  .enum(["classification", "regression"])
  .default("classification")
  .describe("Whether the label is a class or a number.");

const subset = z
  .int()
  .min(10)
  .optional()
  .describe("Use only so many rows, every class in its share, for quick studies. A test part shrinks with them.")
  .meta({ examples: [2000] });

const augment = z
  .strictObject({
    flip: z.boolean().default(false).describe("Mirror training images left to right, each with a chance of one half."),
    crop: z
      .int()
      .min(0)
      .max(64)
      .default(0)
      .describe("Pad training images by so many pixels on each side and cut out the original size at random.")
      .meta({ examples: [4] }),
    padding: z
      .enum(["zero", "reflect"])
      .default("zero")
      .describe("What `crop` pads with: zeros (the mean, when standardised) or the mirrored image."),
  })
  .optional()
  .describe("Random changes of the training images, new ones in every epoch.")
  .meta({ examples: [{ flip: true, crop: 4 }] });

const testFeatures = (what: string): z.ZodOptional<z.ZodString> =>
  z.string().min(1).optional().describe(`${what} with the features of an official test part.`);
const testLabels = (what: string): z.ZodOptional<z.ZodString> =>
  z.string().min(1).optional().describe(`${what} with the labels of the test part.`);

/** Of arrays, which may hold images or not. */
const arrayOptions = { validation, test: officialTest, standardize, image, task, augment, subset };

/** Of data that is images of classes. */
const pictureOptions = { validation, test: officialTest, standardize, augment, subset };

const csv = z
  .strictObject({
    csv: place("CSV file with a header line, relative to the study file.", "./data.csv"),
    label: place("Name of the column to predict.", "target"),
    validation: z.number().gt(0).lt(1).default(0.2).describe("Fraction of all rows that trials are compared on."),
    test: test
      .default(0.2)
      .describe("Fraction of all rows kept for a last check of the winner; never used for choosing."),
    standardize,
    image,
    task,
    augment,
    subset,
  })
  .describe("Rows of a CSV file.");

const npy = z
  .strictObject({
    npy: place("NumPy file with one sample in each row: [rows, ...], any numeric type.", "./features.npy"),
    labels: place("NumPy file with one label for each row: numbers, or text.", "./labels.npy"),
    testFeatures: testFeatures("NumPy file"),
    testLabels: testLabels("NumPy file"),
    ...arrayOptions,
  })
  .describe("Two NumPy files.");

const npz = z
  .strictObject({
    npz: place("NumPy archive (savez or savez_compressed), relative to the study file.", "./data.npz"),
    features: place("Name of the array with one sample in each row.", "x_train"),
    labels: place("Name of the array with one label for each row.", "y_train"),
    testFeatures: testFeatures("Name of the array"),
    testLabels: testLabels("Name of the array"),
    ...arrayOptions,
  })
  .describe("Arrays of a NumPy archive.");

const cifar10 = z
  .strictObject({
    cifar10: place("Folder with data_batch_1.bin to data_batch_5.bin and test_batch.bin.", "./cifar-10-batches-bin"),
    ...pictureOptions,
  })
  .describe("CIFAR-10, the binary version.");

const cifar100 = z
  .strictObject({
    cifar100: place("Folder with train.bin and test.bin.", "./cifar-100-binary"),
    labels: z.enum(["fine", "coarse"]).default("fine").describe("The 100 classes, or the 20 groups of them."),
    ...pictureOptions,
  })
  .describe("CIFAR-100, the binary version.");

const mnist = z
  .strictObject({
    mnist: place(
      "Folder with IDX files, plain or gzipped: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-... Also Fashion-MNIST, EMNIST and others in that format.",
      "./mnist",
    ),
    prefix: z
      .string()
      .min(1)
      .optional()
      .describe("Which data set, where the folder holds several: what stands before `-train-images` in the file names.")
      .meta({ examples: ["emnist-balanced"] }),
    ...pictureOptions,
  })
  .describe("MNIST and others in IDX format.");

const svhn = z
  .strictObject({
    svhn: place("Folder with train_32x32.mat and test_32x32.mat.", "./svhn"),
    ...pictureOptions,
  })
  .describe("Street View House Numbers, cropped digits.");

/** Where the built-in trainer's samples come from. */
export const dataSchema = z
  .union([csv, npy, npz, cifar10, cifar100, mnist, svhn])
  .describe("Where the samples come from and how they are split.")
  .meta({
    examples: [
      { csv: "./data.csv", label: "target" },
      { npz: "./data.npz", features: "x_train", labels: "y_train" },
      { cifar10: "./cifar-10-batches-bin" },
      { mnist: "./mnist" },
    ],
  });

export type RawData = z.output<typeof dataSchema>;
