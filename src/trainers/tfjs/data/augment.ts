/**
 * Random changes of training images: mirrored left to right, cut out of a padded image.
 * Invariant: how many numbers are drawn for a row depends on the study alone, so cutting a batch into micro-batches changes
 * nothing; a batch is changed in place.
 */
import type { Rng } from "../../../core/rng.ts";
import type { AugmentSpec } from "../../../core/study/definition.ts";

/** Changes `rows` images, one after the other in `features`, in place. */
export type Augmenter = (features: Float32Array, rows: number, rng: Pick<Rng, "next">) => void;

/** Place inside 0 .. size-1 that a place outside is mirrored to (the edge itself is not repeated). */
function reflected(place: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((place % period) + period) % period;
  return within < size ? within : period - within;
}

/**
 * @param inputShape of one sample: [height, width, channels]
 * @returns undefined when nothing is to be changed, or the samples are no images
 */
export function createAugmenter(spec: AugmentSpec | undefined, inputShape: readonly number[]): Augmenter | undefined {
  const [height = 0, width = 0, channels = 0] = inputShape;
  if (spec === undefined || inputShape.length !== 3 || (!spec.flip && spec.crop === 0)) return undefined;
  const { crop, flip, padding } = spec;
  const size = height * width * channels;
  const original = new Float32Array(size);
  const positions = 2 * crop + 1;
  return (features, rows, rng) => {
    for (let row = 0; row < rows; row++) {
      const image = features.subarray(row * size, (row + 1) * size);
      const down = crop === 0 ? 0 : Math.floor(rng.next() * positions) - crop;
      const right = crop === 0 ? 0 : Math.floor(rng.next() * positions) - crop;
      const mirror = flip && rng.next() < 0.5;
      if (down === 0 && right === 0 && !mirror) continue;
      original.set(image);
      for (let y = 0; y < height; y++) {
        const fromY = padding === "reflect" ? reflected(y + down, height) : y + down;
        for (let x = 0; x < width; x++) {
          const at = (y * width + (mirror ? width - 1 - x : x)) * channels;
          const fromX = padding === "reflect" ? reflected(x + right, width) : x + right;
          const outside = fromY < 0 || fromY >= height || fromX < 0 || fromX >= width;
          const from = (fromY * width + fromX) * channels;
          for (let c = 0; c < channels; c++) image[at + c] = outside ? 0 : original[from + c]!;
        }
      }
    }
  };
}
