/** Opacity of one line among n: HiPlot's choice, which keeps both ten and ten thousand readable. */
export function lineAlpha(n: number): number {
  return Math.min(1, Math.max(0.08, 2 / n ** 0.3));
}
