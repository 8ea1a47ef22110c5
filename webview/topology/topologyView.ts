/**
 * The Topology view: how differently trials represent the same samples, pair by pair, all pairs, against the objective, as a
 * map, and over training. Invariant: it draws answers as they came; a trial without a score is named with the reason.
 */
import { html, nothing, type TemplateResult } from "lit";
import type { CurveColumns } from "../../src/core/columns.ts";
import { formatNumber } from "../../src/core/format.ts";
import type { DriftColumns, TopologyMatrix, TopologyReport } from "../../src/protocol/topology.ts";
import "../curves/curvesChart.ts";
import { betterWords } from "../shared/axisTitles.ts";
import { valueOf } from "../shared/controls.ts";
import { icon } from "../shared/icons.ts";
import { LiveData } from "../shared/liveData.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { paneStyles } from "../shared/paneStyles.ts";
import type { Pulled } from "../shared/pulled.ts";
import { remembered } from "../shared/remembered.ts";
import type { ScatterData } from "../shared/scatterChart.ts";
import "../shared/scatterChart.ts";
import type { Topic } from "../shared/store.ts";
import { toggleGroup } from "../shared/toggle.ts";
import { chartMenu, message, pending } from "../shared/viewParts.ts";
import { viewStyles } from "../shared/viewStyles.ts";
import { againstLabels, againstValues, availableAgainst, type Against } from "./againstObjective.ts";
import "./barcodeChart.ts";
import { flagged } from "./flagged.ts";
import "./heatMapChart.ts";
import { pairCandidates } from "./pairChoice.ts";
import { TopologyData } from "./topologyData.ts";

const offered = 100;
const flagsNamed = 4;

export class TopologyView extends PanelElement {
  static override styles = [...viewStyles, paneStyles];

  private readonly live = new LiveData(this, (panel, signal) => new TopologyData(panel, signal));

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "selected", "ui"];
  }

  protected override onStore(): void {
    this.live.request();
    super.onStore();
  }

  private set(patch: Partial<PanelElement["store"]["state"]["topology"]>): void {
    const { store } = this;
    store.update({ topology: { ...store.state.topology, ...patch } });
  }

  override render(): TemplateResult | typeof nothing {
    const { store } = this;
    const { data } = this.live;
    if (store.study === null || store.columns === null || data === undefined) return nothing;
    const report = data.report.value;
    return html`<div class="all">
      ${this.lead(report)}
      ${report === undefined ? this.waiting(data.report, "The embeddings") : this.body(report, data)}
    </div>`;
  }

  private lead(report: TopologyReport | undefined): TemplateResult {
    const { section, layer } = this.store.state.topology;
    const samples =
      report === undefined || report.samples === 0 ? "the same samples" : `the same ${report.samples} samples`;
    return html`<div class="lead">
      <p>
        How differently trials represent ${samples} (RTD).
        <button class="link" @click=${() => void this.actions.act("openDocs", { page: "topology" })}>
          What it does not tell
        </button>
      </p>
      ${
        report === undefined || report.layers.length === 0
          ? nothing
          : toggleGroup(
              "What is shown",
              [
                ["pairs", "Pairs", "All pairs of trials, and the barcode of one"],
                ["trials", "Trials", "RTD against the objective, and a map of the trials"],
                ["drift", "Drift", "How far embeddings moved between checkpoints"],
              ],
              section,
              (next) => this.set({ section: next }),
            )
      }
      ${
        report === undefined || report.layers.length < 2
          ? nothing
          : html`<vscode-dropdown
              aria-label="Layer"
              title="Layer whose output is the embedding"
              .value=${report.layer}
              @change=${(event: Event) => this.set({ layer: valueOf(event) })}
            >
              ${report.layers.map(({ name }) => html`<vscode-option value=${name} ?selected=${name === report.layer || name === layer}>${name}</vscode-option>`)}
            </vscode-dropdown>`
      }
    </div>`;
  }

  private body(report: TopologyReport, data: TopologyData): TemplateResult {
    if (report.layers.length === 0) return this.empty();
    const sections = {
      pairs: () => [this.matrixPane(data), this.barcodePane(data)],
      trials: () => [this.scatterPane(report, data), this.mapPane(data)],
      drift: () => [this.driftPane(report, data)],
    };
    return html`<div class="panes">${sections[this.store.state.topology.section]()}</div>
      ${this.flags(report)}`;
  }

  // --- panes ------------------------------------------------------------------------------------------------------

  private matrixPane(data: TopologyData): TemplateResult {
    const matrix = data.matrix.value;
    return html`<section class="pane" aria-label="All pairs">
      <div class="chart-head">
        <h2>All Pairs</h2>
        <span class="muted clip">${matrix === undefined ? "" : matrixNote(matrix)}</span>
        <span class="space"></span>
        ${matrix?.state === "computing" ? this.progress(matrix) : nothing}
        ${matrix?.state === "idle" && matrix.done > 0 ? this.computeButton("Compare the Rest") : nothing}
        ${this.menu("basin-rtd-matrix", (matrix?.done ?? 0) > 0)}
      </div>
      ${
        matrix === undefined
          ? this.waiting(data.matrix, "The pairs")
          : matrix.number.length < 2
            ? message(
                "Two trials are needed",
                "As soon as a second trial has sent an embedding, both are compared here.",
              )
            : matrix.done === 0
              ? this.offerMatrix(matrix)
              : html`<basin-rtd-matrix class="chart" .panel=${this.panel} .matrix=${matrix}></basin-rtd-matrix>`
      }
    </section>`;
  }

  private computeButton(text: string): TemplateResult {
    return html`<vscode-button
      @click=${() => {
        if (this.live.data === undefined) return;
        this.live.data.following = true;
        this.live.requestNow();
      }}
      >${text}</vscode-button
    >`;
  }

  private offerMatrix(matrix: TopologyMatrix): TemplateResult {
    const { pairs, number, state } = matrix;
    if (state === "computing") return message("Comparing", `${number.length} trials, ${pairs} pairs.`);
    return html`<div class="message">
      <strong>Compare ${number.length} trials with each other</strong>
      <p>${pairs.toLocaleString("en")} pairs, computed beside the study. Like trials will stand together.</p>
      ${this.computeButton("Compare")}
    </div>`;
  }

  private progress({ done, pairs }: TopologyMatrix): TemplateResult {
    return html`<progress max=${pairs} value=${done} aria-label="Pairs compared"></progress>
      <button
        class="link"
        @click=${() => {
          if (this.live.data !== undefined) this.live.data.following = false;
          void this.actions.act("topologyStop", null).then(() => this.live.requestNow());
        }}
      >
        Cancel
      </button>`;
  }

  private barcodePane(data: TopologyData): TemplateResult {
    const { wanted } = data;
    const pair = data.pair.value;
    const current =
      pair !== undefined && wanted !== undefined && pair.a.number === wanted[0] && pair.b.number === wanted[1];
    return html`<section class="pane" aria-label="Barcode of a pair">
      <div class="chart-head">
        <h2>Barcode</h2>
        ${wanted === undefined ? nothing : this.choosers(data, wanted)}
        <span class="space"></span>
        ${this.menu("basin-rtd-barcode", current)}
      </div>
      ${current ? html`<p class="note numeric">RTD ${formatNumber(pair.score)} of ${pair.samples} samples</p>` : nothing}
      ${
        wanted === undefined
          ? message("Two trials are needed", "A barcode compares the embeddings of two trials.")
          : current
            ? html`<basin-rtd-barcode class="chart" .panel=${this.panel} .pair=${pair}></basin-rtd-barcode>`
            : this.waiting(data.pair, `Trials ${wanted[0]} and ${wanted[1]}`)
      }
    </section>`;
  }

  private choosers(data: TopologyData, wanted: readonly [number, number]): TemplateResult {
    const candidates = pairCandidates({ selected: this.store.selected, usable: data.usable }).slice(0, offered);
    const choose = (side: 0 | 1, number: number): void => {
      const other = wanted[1 - side]!;
      const next =
        number === other
          ? ([wanted[1], wanted[0]] as const)
          : side === 0
            ? ([number, other] as const)
            : ([other, number] as const);
      data.chosen = next;
      // A selection of many stays: the choice is made inside it.
      if (this.store.selected.length <= 2) this.store.select(next);
      this.live.requestNow();
      this.requestUpdate();
    };
    return html`${([0, 1] as const).map(
      (side) =>
        html`${side === 1 ? html`<span class="muted">with</span>` : nothing}<vscode-dropdown
            class="narrow"
            aria-label=${side === 0 ? "First trial" : "Second trial"}
            .value=${String(wanted[side])}
            @change=${(event: Event) => choose(side, Number(valueOf(event)))}
          >
            ${[...new Set([wanted[side], ...candidates])].map((number) => html`<vscode-option value=${String(number)} ?selected=${number === wanted[side]}>#${number}</vscode-option>`)}
          </vscode-dropdown>`,
    )}`;
  }

  private scatterPane(report: TopologyReport, data: TopologyData): TemplateResult {
    const { store } = this;
    const matrix = data.matrix.value;
    const choices = availableAgainst(report, matrix);
    const wanted = store.state.topology.against;
    const against = choices.includes(wanted) ? wanted : choices[0];
    const objective = store.columns?.objectives[0];
    return html`<section class="pane" aria-label="RTD against the objective">
      <div class="chart-head">
        <h2>RTD and ${objective?.metric ?? "value"}</h2>
        ${
          against === undefined
            ? nothing
            : html`<vscode-dropdown
                aria-label="Which RTD"
                .value=${against}
                @change=${(event: Event) => this.set({ against: valueOf(event) as Against })}
              >
                ${choices.map((choice) => html`<vscode-option value=${choice} ?selected=${choice === against}>${againstLabels[choice]}</vscode-option>`)}
              </vscode-dropdown>`
        }
        <span class="space"></span>
        ${this.menu("#scatter", against !== undefined)}
      </div>
      ${against === "plan" ? html`<p class="note">against ${report.plan?.against ?? ""}</p>` : nothing}
      ${
        against === undefined
          ? matrix === undefined
            ? this.waiting(data.matrix, "The pairs")
            : matrix.number.length < 2
              ? message("No score yet", "Each trial with an embedding will be a point here.")
              : this.offerMatrix(matrix)
          : html`<basin-scatter-chart
              id="scatter"
              class="chart"
              chartName="rtd-objective"
              .panel=${this.panel}
              .data=${this.scatterData(report, matrix, against)}
            ></basin-scatter-chart>`
      }
    </section>`;
  }

  private readonly scatterHeld = remembered<ScatterData>();
  private readonly mapHeld = remembered<ScatterData>();
  private readonly curvesHeld = remembered<CurveColumns>();

  private scatterData(report: TopologyReport, matrix: TopologyMatrix | undefined, against: Against): ScatterData {
    const { store } = this;
    return this.scatterHeld([report, matrix, against, store.columns], () => {
      const best = store.columns?.number[store.bestFirst[0] ?? -1] ?? -1;
      const { number, values, title, name } = againstValues(against, report, matrix, best);
      const objective = store.columns?.objectives[0];
      const metric = objective?.metric ?? "value";
      const y = Float64Array.from(number, (n) => objective?.values[store.rowOf(n)] ?? Number.NaN);
      return {
        label: `${title} and ${metric} of the trials`,
        number,
        x: { title, name, values },
        y: { title: `${metric} · ${betterWords(objective?.direction)}`, name: metric, values: y },
        equal: false,
      };
    });
  }

  private mapPane(data: TopologyData): TemplateResult {
    const matrix = data.matrix.value;
    const ready = matrix !== undefined && matrix.x.some((x) => !Number.isNaN(x));
    const stress = matrix?.stress ?? Number.NaN;
    return html`<section class="pane" aria-label="Map of the trials">
      <div class="chart-head">
        <h2>Map</h2>
        <span class="space"></span>
        ${matrix?.state === "computing" ? this.progress(matrix) : nothing}
        ${matrix?.state === "idle" && matrix.done > 0 ? this.computeButton("Compare the Rest") : nothing}
        ${this.menu("#map", ready)}
      </div>
      ${ready ? html`<p class="note">classical scaling of RTD, stress ${formatNumber(Number(stress.toPrecision(2)))}${stress > 0.2 ? ": distances are only roughly RTD" : ""}</p>` : nothing}
      ${
        matrix === undefined
          ? this.waiting(data.matrix, "The pairs")
          : matrix.number.length < 2
            ? message("Two trials are needed", "Trials with like embeddings will lie close to each other here.")
            : ready
              ? html`<basin-scatter-chart
                  id="map"
                  class="chart"
                  chartName="rtd-map"
                  .panel=${this.panel}
                  .data=${this.mapData(matrix)}
                ></basin-scatter-chart>`
              : matrix.state === "computing"
                ? message("The map comes with the last pair", `${matrix.done} of ${matrix.pairs} pairs are compared.`)
                : this.offerMatrix(matrix)
      }
    </section>`;
  }

  private mapData(matrix: TopologyMatrix): ScatterData {
    return this.mapHeld([matrix], () => ({
      label: "Map of the trials by RTD",
      number: matrix.number,
      x: { title: "first axis (RTD)", name: "x", values: matrix.x },
      y: { title: "second axis (RTD)", name: "y", values: matrix.y },
      equal: true,
      colour: this.store.columns?.objectives[0]?.metric ?? "value",
    }));
  }

  private driftPane(report: TopologyReport, data: TopologyData): TemplateResult {
    const drift = data.drift.value;
    const several = report.trials.checkpoints.some((count) => count >= 2);
    return html`<section class="pane" aria-label="Drift over training">
      <div class="chart-head">
        <h2>Drift</h2>
        <span class="muted clip"
          >RTD of each checkpoint's embedding to the one before it: selected trials and the best</span
        >
        <span class="space"></span>
        ${this.menu("basin-curves-chart", drift !== undefined)}
      </div>
      ${
        several
          ? drift === undefined
            ? this.waiting(data.drift, "The drift")
            : html`<basin-curves-chart
                class="chart"
                .panel=${this.panel}
                .curves=${this.driftCurves(drift)}
                .logY=${false}
                .smoothing=${0}
              ></basin-curves-chart>`
          : message(
              "One embedding a trial",
              "With everyEpochs under diagnostics.rtd in the study file, trials send an embedding every so many epochs, and how far it moves appears here.",
              html`<vscode-button @click=${() => void this.actions.act("openStudyFile", null)}
                >Open Study File</vscode-button
              >`,
            )
      }
    </section>`;
  }

  private driftCurves(drift: DriftColumns): CurveColumns {
    return this.curvesHeld([drift], () => {
      const { studyId, revision, number, offsets, steps, scores } = drift;
      const metric = "RTD to the checkpoint before";
      return { studyId, revision, metric, number, offsets, steps, values: scores, omitted: 0 };
    });
  }

  // --- states -----------------------------------------------------------------------------------------------------

  private flags(report: TopologyReport): TemplateResult | typeof nothing {
    const groups = flagged(report.trials);
    if (groups.length === 0) return nothing;
    return html`<div class="flags muted" role="note">
      <span>${icon("warning")} Not scored:</span>
      ${groups.map(
        ({ words, numbers }) =>
          html`<span
            >${numbers.slice(0, flagsNamed).map((number) => html`<button class="link numeric" @click=${() => this.store.select([number])}>#${number}</button> `)}${
              numbers.length > flagsNamed
                ? html`<button class="link" @click=${() => this.store.select(numbers)}>
                    and ${numbers.length - flagsNamed} more
                  </button> `
                : nothing
            }${words}</span
          >`,
      )}
    </div>`;
  }

  private empty(): TemplateResult {
    return message(
      "No embeddings yet",
      "With rtd under diagnostics in the study file, each trial of the built-in trainer keeps its representation of the same samples; a Python trainer sends one with basin.embedding. They are compared here.",
      html`<vscode-button @click=${() => void this.actions.act("openStudyFile", null)}>Open Study File</vscode-button>`,
    );
  }

  private waiting({ problem }: Pulled<unknown>, what: string): TemplateResult {
    return pending(what, problem, () => this.live.retry(), this.actions);
  }

  private menu(selector: string, ready: boolean): TemplateResult | typeof nothing {
    return ready ? chartMenu(this.renderRoot, selector) : nothing;
  }
}

function matrixNote({ number, omitted, pairs }: TopologyMatrix): string {
  const best =
    omitted > 0 ? `the best ${number.length} of ${number.length + omitted} trials` : `${number.length} trials`;
  return `${best}, ${pairs.toLocaleString("en")} pairs`;
}

customElements.define("basin-topology", TopologyView);
