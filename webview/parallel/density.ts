/**
 * Density of very many lines between two axes. Lines are counted by the pair of places they join, so the cost of drawing
 * depends on the size of the picture and not on the number of trials (frequency plots: Artero, de Oliveira & Levkowitz 2004),
 * and each line puts the same ink into every column of pixels (arc-length normalisation: Moritz & Fisher 2018).
 * Invariant: the ink of a column sums to the number of lines, whatever their slopes.
 */

export interface DensityGap {
  readonly width: number;
  readonly height: number;
  /** Lines through each pixel, row by row. */
  readonly weight: Float32Array;
  /** Sum over those lines of their goodness (missing counts in neither sum). */
  readonly shade: Float32Array;
  readonly shaded: Float32Array;
}

const pairsPerPiece = 400;
const rowsPerPiece = 25_000;

/**
 * Counts rows with `mask` = 1 between two axes. `left` and `right` are pixel rows (0 = top, below `height`), -1 = leave the
 * line out. `bins` places a side are told apart. A generator: yields after each piece of work and returns the picture.
 * O(rows + min(rows, bins^2) * width).
 */
export function* densityGap(
  left: Int16Array,
  right: Int16Array,
  mask: Uint8Array,
  goodness: Float32Array,
  width: number,
  height: number,
  bins = 160,
): Generator<void, DensityGap, void> {
  const places = Math.max(1, Math.min(bins, height));
  const counts = new Float32Array(places * places);
  const sums = new Float32Array(places * places);
  const known = new Float32Array(places * places);
  const scale = places / height;
  for (let i = 0; i < left.length; i++) {
    if (i % rowsPerPiece === rowsPerPiece - 1) yield;
    if (mask[i] === 0 || left[i]! < 0 || right[i]! < 0) continue;
    const pair = ((left[i]! * scale) | 0) * places + ((right[i]! * scale) | 0);
    counts[pair]!++;
    const good = goodness[i]!;
    if (good === good) {
      sums[pair]! += good;
      known[pair]!++;
    }
  }
  yield;
  const gap: DensityGap = {
    width,
    height,
    weight: new Float32Array(width * height),
    shade: new Float32Array(width * height),
    shaded: new Float32Array(width * height),
  };
  let drawn = 0;
  for (let pair = 0; pair < counts.length; pair++) {
    const count = counts[pair]!;
    if (count === 0) continue;
    const a = (Math.floor(pair / places) + 0.5) / scale;
    const b = ((pair % places) + 0.5) / scale;
    drawLine(gap, a, b, count, sums[pair]!, known[pair]!);
    if (++drawn % pairsPerPiece === 0) yield;
  }
  return gap;
}

function drawLine(
  { width, height, weight, shade, shaded }: DensityGap,
  a: number,
  b: number,
  count: number,
  sum: number,
  known: number,
): void {
  const slope = (b - a) / width;
  for (let x = 0; x < width; x++) {
    const from = a + slope * x;
    const to = from + slope;
    const top = Math.max(0, Math.floor(Math.min(from, to)));
    const bottom = Math.min(height - 1, Math.floor(Math.max(from, to)));
    const share = 1 / (bottom - top + 1);
    for (let y = top; y <= bottom; y++) {
      const at = y * width + x;
      weight[at]! += count * share;
      shade[at]! += sum * share;
      shaded[at]! += known * share;
    }
  }
}

/**
 * Pixels of a gap: colour of the mean goodness, opacity by a power of the count so that single lines stay visible beside
 * thousands. `table`: 256 packed colours; `plain`: the colour without goodness; `strength`: opacity of the densest pixel.
 */
export function densityPixels(
  gap: DensityGap,
  table: Uint8Array | null,
  plain: readonly [number, number, number],
  strength: number,
): Uint8ClampedArray<ArrayBuffer> {
  const { weight, shade, shaded } = gap;
  let most = 0;
  for (const w of weight) if (w > most) most = w;
  const pixels = new Uint8ClampedArray(weight.length * 4);
  if (most === 0) return pixels;
  for (let i = 0; i < weight.length; i++) {
    const w = weight[i]!;
    if (w === 0) continue;
    const o = i * 4;
    if (table !== null && shaded[i]! > 0) {
      const c = Math.round((shade[i]! / shaded[i]!) * 255) * 3;
      pixels[o] = table[c]!;
      pixels[o + 1] = table[c + 1]!;
      pixels[o + 2] = table[c + 2]!;
    } else {
      pixels[o] = plain[0];
      pixels[o + 1] = plain[1];
      pixels[o + 2] = plain[2];
    }
    pixels[o + 3] = 255 * strength * (w / most) ** 0.4;
  }
  return pixels;
}
