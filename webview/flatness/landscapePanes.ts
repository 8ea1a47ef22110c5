/**
 * The loss around trials' weights: lines, the way between two trials, planes side by side, spectra; each on demand.
 * Invariant: two planes beside each other have one scale; what is not computed says so and offers it.
 */
import { html, nothing, type TemplateResult } from "lit";
import type { FlatnessKind } from "../../src/core/flatness.ts";
import { formatEta, formatNumber } from "../../src/core/format.ts";
import type { FlatnessQuestion } from "../../src/protocol/flatness.ts";
import type { LineData, LineSeries } from "../shared/lineChart.ts";
import "../shared/lineChart.ts";
import type { Scale } from "../shared/scales.ts";
import { remembered } from "../shared/remembered.ts";
import { loading, message } from "../shared/viewParts.ts";
import "./contourChart.ts";
import type { ResultOf } from "./flatnessData.ts";
import { landscapeScale } from "./landscapeScale.ts";
import { defaultViewpoint, type Viewpoint } from "./projection.ts";
import { mostLines, subjectsOf } from "./subjects.ts";
import "./surfaceChart.ts";
import type { ViewContext } from "./viewContext.ts";

const costs: Readonly<Record<FlatnessKind, string>> = {
  sharpness: "",
  line: "51 losses on the probe: seconds.",
  path: "25 losses on the probe: seconds.",
  plane: "625 losses on the probe: up to a minute for a small network, longer for a large one.",
  spectrum: "Tens of Hessian-vector products: seconds to a minute.",
};

const lossAxis = { yTitle: "loss", yName: "loss", mayBeLog: true } as const;

/** Results that are drawn as a line a trial. */
type LineKind = "line" | "spectrum";

interface Pane {
  /** For those who hear it. */
  readonly label: string;
  readonly title: string | TemplateResult;
  readonly noteClass: string;
  readonly note: string | TemplateResult;
  readonly menu: TemplateResult | typeof nothing;
  readonly body: TemplateResult;
}

interface Had<K extends LineKind> {
  readonly number: number;
  readonly result: ResultOf<K>;
}

interface LinePane<K extends LineKind> extends Pick<Pane, "label" | "title" | "noteClass"> {
  readonly chartName: string;
  /** What the head says of the results; there is at least one. */
  readonly note: (have: readonly Had<K>[]) => string;
  readonly held: (ingredients: readonly unknown[], make: () => LineData) => LineData;
  readonly axes: Omit<LineData, "series">;
  readonly line: (result: ResultOf<K>) => Pick<LineSeries, "xs" | "ys">;
}

export class LandscapePanes {
  private viewpoint: Viewpoint = defaultViewpoint;
  private readonly lineHeld = remembered<LineData>();
  private readonly pathHeld = remembered<LineData>();
  private readonly spectrumHeld = remembered<LineData>();
  private readonly scaleHeld = remembered<Scale>();

  private subjects({ panel: { store } }: ViewContext, most: number): readonly number[] {
    return subjectsOf(store.selected, store.columns?.number[store.bestFirst[0] ?? -1] ?? -1, most);
  }

  /** The chosen trials' results of a kind, in one chart with a line each. */
  private linePane<K extends LineKind>(context: ViewContext, kind: K, pane: LinePane<K>): TemplateResult {
    const numbers = this.subjects(context, mostLines);
    const found = numbers.map((number) => context.data.result(kind, number));
    const have = numbers.flatMap((number, i) => {
      const result = found[i];
      return result === undefined ? [] : [{ number, result }];
    });
    const data = pane.held(found, () => ({
      ...pane.axes,
      series: have.map(({ number, result }) => ({ label: `#${number}`, ...pane.line(result) })),
    }));
    return paneOf({
      ...pane,
      note: have.length === 0 ? "" : pane.note(have),
      menu: context.menu(`#${kind}`, have.length > 0),
      body:
        have.length === 0
          ? this.offers(context, kind, numbers)
          : html`${lineChart(context, kind, pane.chartName, data)} ${this.rest(context, kind, numbers)}`,
    });
  }

  // --- lines ------------------------------------------------------------------------------------------------------

  lines(context: ViewContext): TemplateResult {
    const [a, b] = this.subjects(context, mostLines);
    return html`<div class="panes">
      ${this.linePane(context, "line", {
        label: "Along a direction",
        title: "Along a Direction",
        chartName: "loss-line",
        noteClass: "muted clip",
        note: ([first]) => about(first!.result),
        held: this.lineHeld,
        axes: {
          label: "Loss along a random direction",
          xTitle: "step, in lengths of each filter",
          xName: "step",
          ...lossAxis,
        },
        line: ({ positions, losses }) => ({ xs: positions, ys: losses }),
      })}
      ${a === undefined || b === undefined ? this.pathHint() : this.path(context, a, b)}
    </div>`;
  }

  private pathHint(): TemplateResult {
    return html`<section class="pane" aria-label="Between two trials">
      <div class="chart-head"><h2>Between Two Trials</h2></div>
      ${message("Select two trials", "The loss on the straight way from one trial's weights to the other's, and how high its barrier is.")}
    </section>`;
  }

  private path(context: ViewContext, a: number, b: number): TemplateResult {
    const result = context.data.result("path", a, b);
    const data =
      result === undefined
        ? undefined
        : this.pathHeld([result], () => ({
            label: `Loss between the weights of trials ${a} and ${b}`,
            xTitle: `from #${a} (0) to #${b} (1)`,
            xName: "position",
            ...lossAxis,
            series: pathSeries(result, a, b),
          }));
    return paneOf({
      label: "Between two trials",
      title: html`Between #${a} and #${b}`,
      noteClass: "muted clip numeric",
      note: result === undefined ? "" : `barrier ${formatNumber(result.barrier)}, ${about(result)}`,
      menu: context.menu("#path", data !== undefined),
      body: data === undefined ? this.offer(context, "path", a, b) : lineChart(context, "path", "loss-path", data),
    });
  }

  // --- spectrum ---------------------------------------------------------------------------------------------------

  spectra(context: ViewContext): TemplateResult {
    return html`<div class="panes">
      ${this.linePane(context, "spectrum", {
        label: "Spectrum",
        title: "Spectrum",
        chartName: "hessian-spectrum",
        noteClass: "muted clip numeric",
        note: (have) => {
          const ends = have.map(
            ({ number, result }) => `#${number}: ${formatNumber(result.smallest)} to ${formatNumber(result.largest)}`,
          );
          return `eigenvalues ${ends.join(", ")}; ${about(have[0]!.result)}`;
        },
        held: this.spectrumHeld,
        axes: {
          label: "Density of the Hessian's eigenvalues",
          xTitle: "eigenvalue",
          yTitle: "log10 of the density, where it is above 1e-6",
          xName: "eigenvalue",
          yName: "log10 density",
          mayBeLog: false,
          gapsMean: "none",
        },
        line: ({ positions, density }) => ({ xs: positions, ys: density.map(logDensity) }),
      })}
    </div>`;
  }

  // --- planes -----------------------------------------------------------------------------------------------------

  planes(context: ViewContext): TemplateResult {
    const numbers = this.subjects(context, 2);
    const found = numbers.map((number) => context.data.result("plane", number));
    const have = found.filter((result) => result !== undefined);
    const scale = this.scaleHeld(have, () => landscapeScale(have));
    const { display } = context.panel.store.state.flatness;
    return html`<div class="panes">
      ${numbers.map((number, i) => {
        const result = found[i];
        const id = `plane${i}`;
        return paneOf({
          label: `Plane of trial ${number}`,
          title: html`Trial ${number}`,
          noteClass: "muted clip",
          note: html`${result === undefined ? "" : about(result)}${have.length === 2 ? ", one scale for both" : ""}`,
          menu: context.menu(`#${id}`, result !== undefined),
          body:
            result === undefined
              ? this.offer(context, "plane", number)
              : display === "contour"
                ? html`<basin-loss-contour
                    id=${id}
                    class="chart"
                    name=${`#${number}`}
                    .panel=${context.panel}
                    .plane=${result}
                    .scale=${scale}
                  ></basin-loss-contour>`
                : html`<basin-loss-surface
                    id=${id}
                    class="chart"
                    name=${`#${number}`}
                    .panel=${context.panel}
                    .plane=${result}
                    .scale=${scale}
                    .viewpoint=${this.viewpoint}
                    @turn=${(event: CustomEvent<Viewpoint>) => {
                      this.viewpoint = event.detail;
                      context.redraw();
                    }}
                  ></basin-loss-surface>`,
        });
      })}
    </div>`;
  }

  // --- on demand --------------------------------------------------------------------------------------------------

  /** In the middle of an empty pane: every trial that could be looked at. */
  private offers(context: ViewContext, kind: LineKind, numbers: readonly number[]): TemplateResult {
    if (numbers.length === 0) return message("No trial yet", "Select a trial whose weights are kept.");
    if (numbers.length === 1) return this.offer(context, kind, numbers[0]!);
    return html`<div class="message">
      <strong>Not computed yet</strong>
      <p>${costs[kind]}</p>
      ${numbers.map((number) => html`<span class="job">#${number} ${this.jobControls(context, kind, number)}</span>`)}
    </div>`;
  }

  private offer(context: ViewContext, kind: FlatnessKind, number: number, to?: number): TemplateResult {
    const job = context.data.job(kind, number, to);
    if (job?.state === "done")
      return context.data.problem === ""
        ? loading("Loading the result")
        : message(
            "The result could not be loaded",
            context.data.problem,
            html`<vscode-button @click=${() => context.refresh()}>Try Again</vscode-button>`,
          );
    const running = job?.state === "running" || job?.state === "waiting";
    const title = running ? "Computing" : job?.state === "failed" ? "It could not be computed" : "Not computed yet";
    return html`<div class="message">
      <strong>${title}</strong>
      <p>${job?.state === "failed" ? job.reason : costs[kind]}</p>
      <span class="job">${this.jobControls(context, kind, number, to)}</span>
    </div>`;
  }

  /** Under a chart: the trials that are chosen and not in it. */
  private rest(context: ViewContext, kind: LineKind, numbers: readonly number[]): TemplateResult | typeof nothing {
    const missing = numbers.filter((number) => context.data.result(kind, number) === undefined);
    if (missing.length === 0) return nothing;
    return html`<div class="flags">
      ${missing.map((number) => html`<span class="job">#${number} ${this.jobControls(context, kind, number)}</span>`)}
    </div>`;
  }

  private jobControls(context: ViewContext, kind: FlatnessKind, number: number, to?: number): TemplateResult {
    const { data } = context;
    const job = data.job(kind, number, to);
    const ask = (): void => {
      void data.compute(number, questionOf(kind, to)).then(() => context.refresh());
    };
    if (job?.state === "running" || job?.state === "waiting")
      return html`<progress
          max="1"
          .value=${job.state === "running" ? job.progress : 0}
          aria-label=${`Progress of trial ${number}`}
        ></progress>
        <span class="muted numeric">${job.state === "waiting" ? "waits" : `${Math.round(100 * job.progress)} %`}</span>
        <button class="link" @click=${() => void data.cancel(job.id).then(() => context.refresh())}>Cancel</button>`;
    if (job?.state === "done") return html`<span class="muted">loading</span>`;
    return html`<vscode-button title=${job?.reason ?? ""} @click=${ask}
      >${job?.state === "failed" ? "Try Again" : "Compute"}</vscode-button
    >`;
  }
}

function paneOf({ label, title, noteClass, note, menu, body }: Pane): TemplateResult {
  return html`<section class="pane" aria-label=${label}>
    <div class="chart-head">
      <h2>${title}</h2>
      <span class=${noteClass}>${note}</span>
      <span class="space"></span>
      ${menu}
    </div>
    ${body}
  </section>`;
}

function lineChart({ panel }: ViewContext, id: string, chartName: string, data: LineData): TemplateResult {
  return html`<basin-line-chart
    id=${id}
    class="chart"
    chartName=${chartName}
    .panel=${panel}
    .data=${data}
  ></basin-line-chart>`;
}

function questionOf(kind: FlatnessKind, to: number | undefined): FlatnessQuestion {
  if (kind === "path") return { kind, to: to ?? 0 };
  return { kind };
}

/** Densities span many decades; a gap where there is less than a millionth. */
function logDensity(value: number): number {
  return value > 1e-6 ? Math.log10(value) : Number.NaN;
}

function pathSeries(result: ResultOf<"path">, a: number, b: number): readonly LineSeries[] {
  const { positions, losses, barrier, barrierAt } = result;
  const at = positions.indexOf(barrierAt);
  return [
    {
      label: `#${a} to #${b}`,
      xs: positions,
      ys: losses,
      marks: barrier > 0 && at >= 0 ? [{ x: barrierAt, y: losses[at]!, text: `barrier ${formatNumber(barrier)}` }] : [],
    },
  ];
}

/** On what and how it was computed. */
function about({ samples, epoch, finished, backend, seconds }: ResultOf<FlatnessKind>): string {
  const weights = finished ? "" : `, weights after epoch ${epoch}`;
  return `${samples.toLocaleString("en")} samples${weights}, ${backend}, ${formatEta(1000 * seconds)}`;
}
