/**
 * The comparison of TopoHyperDrive as a figure: one panel a task and search, the best validation accuracy by epochs trained.
 * Invariant: plain SVG without scripts or fonts of its own; colours are told apart in grey by their dashes.
 */
import type { Run } from "./topohyperdrive.ts";

const panel = { width: 360, height: 220, left: 48, right: 12, top: 28, bottom: 40 };
const styles = [
  { colour: "#555555", dash: "" },
  { colour: "#0072b2", dash: "6 3" },
  { colour: "#d55e00", dash: "2 3" },
  { colour: "#009e73", dash: "8 3 2 3" },
  { colour: "#cc79a7", dash: "1 2" },
] as const;

function meanCurve(runs: readonly Run[]): number[] {
  const length = Math.min(...runs.map(({ best }) => best.length));
  return Array.from({ length }, (_, i) => runs.reduce((sum, { best }) => sum + best[i]!, 0) / runs.length);
}

/** One panel: the search alone, and with each variant. */
function panelOf(title: string, curves: ReadonlyMap<string, readonly number[]>, x: number, y: number): string {
  const { width, height, left, right, top, bottom } = panel;
  const all = [...curves.values()].flat();
  const length = Math.max(...[...curves.values()].map((curve) => curve.length));
  // What happens in the first tenth would flatten the rest.
  const low = Math.min(...[...curves.values()].map((curve) => curve[Math.floor(curve.length / 10)] ?? 0));
  const high = Math.max(...all);
  const px = (epoch: number): number => left + (epoch / Math.max(1, length - 1)) * (width - left - right);
  const py = (value: number): number =>
    top + (1 - (Math.max(low, value) - low) / Math.max(1e-9, high - low)) * (height - top - bottom);
  const parts: string[] = [`<text x="${left}" y="16" font-weight="600">${title}</text>`];
  for (let k = 0; k <= 4; k++) {
    const value = low + ((high - low) * k) / 4;
    const at = py(value).toFixed(1);
    parts.push(`<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" stroke="#dddddd"/>`);
    parts.push(
      `<text x="${left - 4}" y="${at}" text-anchor="end" dominant-baseline="middle">${value.toFixed(3)}</text>`,
    );
    const epoch = Math.round(((length - 1) * k) / 4);
    parts.push(
      `<text x="${px(epoch).toFixed(1)}" y="${height - bottom + 14}" text-anchor="middle">${epoch + 1}</text>`,
    );
  }
  parts.push(`<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">epochs trained</text>`);
  [...curves].forEach(([, curve], i) => {
    const { colour, dash } = styles[i % styles.length]!;
    const line = curve.map((value, at) => `${px(at).toFixed(1)},${py(value).toFixed(1)}`).join(" ");
    parts.push(
      `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="1.6"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/>`,
    );
  });
  return `<g transform="translate(${x},${y})">${parts.join("")}</g>`;
}

/** The figure as SVG text. */
export function figureOf(runs: readonly Run[]): string {
  const tasks = [...new Set(runs.map(({ task }) => task))];
  const searches = [...new Set(runs.map(({ method }) => method.split(" + ")[0]!))];
  const variants = [...new Set(runs.map(({ method }) => method.split(" + ")[1] ?? "without"))];
  const panels = tasks.flatMap((task, row) =>
    searches.map((search, column) => {
      const curves = new Map<string, readonly number[]>();
      for (const variant of variants) {
        const name = variant === "without" ? search : `${search} + ${variant}`;
        const own = runs.filter((run) => run.task === task && run.method === name);
        if (own.length > 0) curves.set(variant, meanCurve(own));
        else curves.set(variant, []);
      }
      return panelOf(`${search}, ${task}`, curves, column * panel.width, row * panel.height);
    }),
  );
  const width = searches.length * panel.width;
  const height = tasks.length * panel.height + 30;
  const legend = variants.map((variant, i) => {
    const { colour, dash } = styles[i % styles.length]!;
    const x = 48 + i * 150;
    const y = height - 12;
    const line = `<line x1="${x}" x2="${x + 28}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`;
    return `${line}<text x="${x + 34}" y="${y}" dominant-baseline="middle">${variant}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#ffffff"/>${panels.join("")}${legend.join("")}</svg>\n`;
}
