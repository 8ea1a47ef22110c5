/**
 * Looks at a study's data when the study starts: what is wrong with the files themselves need not fail one trial after the
 * other. Invariant: reads headers only, so it is quick however large the data is; rows are checked by the trainer.
 */
import { BasinError } from "../../../core/errors.ts";
import type { StudyDefinition } from "../../../core/study/definition.ts";
import type { Dataset } from "./dataset.ts";
import { formatOf } from "./formats/registry.ts";

/**
 * @param folder absolute folder of the study file
 * @throws BasinError "invalid-study" when no trial could train on this data
 */
export function checkData({ trainer }: Pick<StudyDefinition, "trainer">, folder: string): void {
  if (trainer.kind !== "tfjs") return;
  const { data, model } = trainer;
  try {
    const { image, rows } = formatOf(data).check(data, folder);
    const isImage = data.image !== undefined || image !== undefined;
    const onlyHeader = "csv" in data;
    if (!onlyHeader && !isImage && model === "vgg") {
      throw new BasinError(
        "invalid-argument",
        "The model vgg works on images, but the rows of this data are none.",
        "Write `image: [height, width, channels]` under `data`, or use the model mlp.",
      );
    }
    if (!onlyHeader && !isImage && data.augment !== undefined) {
      throw new BasinError(
        "invalid-argument",
        "Only images can be augmented, and the rows of this data are none.",
        "Remove `augment`, or write `image: [height, width, channels]`.",
      );
    }
    if (rows !== undefined && rows < 3) {
      throw new BasinError("invalid-argument", `The data has ${rows} rows, which are too few to train and compare on.`);
    }
  } catch (error) {
    if (error instanceof BasinError) throw new BasinError("invalid-study", error.message, error.hint, { cause: error });
    throw error;
  }
}

/**
 * A batch size that a trial asks for must exist: training on smaller batches in silence would give its result to another
 * configuration. @throws BasinError "invalid-params"
 */
export function requireBatch(dataset: Dataset, batchSize: number): void {
  const { rows } = dataset.train;
  if (batchSize <= rows) return;
  throw new BasinError(
    "invalid-params",
    `The training part has ${rows} rows, fewer than one batch of ${batchSize}.`,
    "Lower the bound of batchSize in the study's space, or bring more data.",
  );
}
