/**
 * The small strip under a parameter: its range, where the good trials lie, and this trial's value.
 * Invariant: positions are on the parameter's own scale (log where it is searched in logs).
 */
import { svg, html, type SVGTemplateResult, type TemplateResult } from "lit";
import type { PanelColumn } from "../shared/columnModel.ts";
import { linearScale, logScale, type Scale } from "../shared/scales.ts";

const width = 200;
const height = 16;
const bins = 50;

/** Share of complete trials that count as good. */
export const goodShare = 0.25;

/** Rows of the best quarter by the first objective, at least one. */
export function goodRows(bestFirst: Int32Array, goodness: Float32Array): Int32Array {
  let known = 0;
  while (known < bestFirst.length && !Number.isNaN(goodness[bestFirst[known]!]!)) known++;
  return bestFirst.subarray(0, Math.ceil(known * goodShare));
}

export function scaleOf(column: PanelColumn): Scale | undefined {
  const { domain } = column;
  if (domain === undefined) return undefined;
  return domain.scale === "log" && domain.low > 0
    ? logScale(domain.low, domain.high, domain.integer)
    : linearScale(domain.low, domain.high, domain.integer);
}

/** How many of `rows` fall into each of `bins` equal parts of the unit interval, as a share of the fullest. */
export function density(column: PanelColumn, scale: Scale, rows: Int32Array): Float32Array {
  const counts = new Float32Array(bins);
  let fullest = 0;
  for (const row of rows) {
    const unit = scale.toUnit(column.values[row]!);
    if (Number.isNaN(unit)) continue;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(unit * bins)));
    fullest = Math.max(fullest, ++counts[bin]!);
  }
  return fullest === 0 ? counts : counts.map((count) => count / fullest);
}

/** Numeric parameters: a density of the good trials and a marker. Categories: how often each was among the good ones. */
export function parameterStrip(column: PanelColumn, row: number, good: Int32Array): TemplateResult {
  const value = column.values[row]!;
  const scale = scaleOf(column);
  if (scale === undefined) return categoryStrip(column, value, good);
  const bars: SVGTemplateResult[] = [];
  density(column, scale, good).forEach((share, bin) => {
    if (share === 0) return;
    const tall = 2 + share * (height - 6);
    bars.push(
      svg`<rect class="good" x=${((bin / bins) * width).toFixed(1)} y=${(height - 3 - tall).toFixed(1)} width=${(width / bins).toFixed(1)} height=${tall.toFixed(1)} />`,
    );
  });
  const x = Math.min(1, Math.max(0, scale.toUnit(value))) * width;
  return html`<svg
    class="strip"
    viewBox=${`-3 0 ${width + 6} ${height}`}
    preserveAspectRatio="none"
    role="img"
    aria-label="Place in the range; bars are the best quarter of the trials"
  >
    ${bars}
    <path class="range" d=${`M0 ${height - 2.5}H${width}`} />
    ${Number.isNaN(x) ? "" : svg`<path class="here" d=${`M${x.toFixed(1)} 0V${height}`} />`}
  </svg>`;
}

function categoryStrip(column: PanelColumn, value: number, good: Int32Array): TemplateResult {
  const categories = column.categories ?? [];
  const counts = new Float64Array(categories.length);
  let fullest = 1;
  for (const row of good) {
    const code = column.values[row]!;
    if (!Number.isNaN(code)) fullest = Math.max(fullest, ++counts[code]!);
  }
  const slot = width / Math.max(1, categories.length);
  return html`<svg
    class="strip"
    viewBox=${`-3 0 ${width + 6} ${height}`}
    preserveAspectRatio="none"
    role="img"
    aria-label="Choices; bars are the best quarter of the trials"
  >
    ${categories.map((_, code) => {
      const tall = counts[code] === 0 ? 0 : 2 + (counts[code]! / fullest) * (height - 6);
      const x = code * slot + 1;
      return svg`<rect class="good" x=${x.toFixed(1)} y=${(height - 3 - tall).toFixed(1)} width=${Math.max(1, slot - 2).toFixed(1)} height=${tall.toFixed(1)} />
        <path class=${code === value ? "here flat" : "range"} d=${`M${x.toFixed(1)} ${height - 2}h${Math.max(1, slot - 2).toFixed(1)}`} />`;
    })}
  </svg>`;
}

/** A curve without axes: shape only; the numbers stand beside it. */
export function sparkline(steps: readonly number[], values: readonly number[]): TemplateResult {
  const w = 96;
  const h = 18;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const first = steps[0] ?? 0;
  const span = (steps.at(-1) ?? 1) - first || 1;
  const range = high - low || 1;
  const every = Math.max(1, Math.floor(values.length / 200));
  const points: string[] = [];
  values.forEach((value, i) => {
    if (!Number.isFinite(value) || (i % every !== 0 && i !== values.length - 1)) return;
    points.push(
      `${((((steps[i] ?? 0) - first) / span) * w).toFixed(1)} ${(h - 1 - ((value - low) / range) * (h - 2)).toFixed(1)}`,
    );
  });
  return html`<svg class="spark" viewBox=${`0 0 ${w} ${h}`} aria-hidden="true">
    <path d=${points.length > 0 ? `M${points.join("L")}` : ""} />
  </svg>`;
}
