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
  const columns = new Int32Array(width);
  const positions = 2 * crop + 1;
  return (features, rows, rng) => {
    for (let row = 0; row < rows; row++) {
      const image = features.subarray(row * size, (row + 1) * size);
      const down = crop === 0 ? 0 : Math.floor(rng.next() * positions) - crop;
      const right = crop === 0 ? 0 : Math.floor(rng.next() * positions) - crop;
      const mirror = flip && rng.next() < 0.5;
      if (down === 0 && right === 0 && !mirror) continue;
      original.set(image);
      const straight = !mirror && padding === "zero";
      // For each column of the result, where its pixel comes from; -1 = outside.
      for (let x = 0; x < width; x++) {
        const from = padding === "reflect" ? reflected(x + right, width) : x + right;
        columns[mirror ? width - 1 - x : x] = from < 0 || from >= width ? -1 : from * channels;
      }
      for (let y = 0; y < height; y++) {
        const fromY = padding === "reflect" ? reflected(y + down, height) : y + down;
        const start = y * width * channels;
        if (fromY < 0 || fromY >= height) {
          image.fill(0, start, start + width * channels);
          continue;
        }
        const line = fromY * width * channels;
        if (straight) {
          // A shifted line is one piece, with zeros before or after it.
          const [to, from] = [Math.max(0, -right) * channels, Math.max(0, right) * channels];
          const length = (width - Math.abs(right)) * channels;
          image.fill(0, start, start + width * channels);
          if (length > 0) image.set(original.subarray(line + from, line + from + length), start + to);
          continue;
        }
        for (let x = 0, at = start; x < width; x++) {
          const from = columns[x]!;
          for (let c = 0; c < channels; c++, at++) image[at] = from < 0 ? 0 : original[line + from + c]!;
        }
      }
    }
  };
}
