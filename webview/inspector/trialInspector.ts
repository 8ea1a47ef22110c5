/**
 * The inspector: one trial in full, or the differences of several.
 * Invariant: what it shows belongs to the selection of this moment; an answer that comes late for another trial is dropped.
 */
import { html, nothing, type TemplateResult } from "lit";
import { BasinError, errorText } from "../../src/core/errors.ts";
import { formatDuration, formatNumber, formatValue } from "../../src/core/format.ts";
import { isFinal, trialStates } from "../../src/core/trial.ts";
import type { TrialDetail } from "../../src/protocol/engine.ts";
import { cellText, fullText, type PanelColumn } from "../shared/columnModel.ts";
import { icon, stateIcon } from "../shared/icons.ts";
import "../shared/menu.ts";
import type { MenuItem } from "../shared/menu.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { baseStyles, messageStyles } from "../shared/styles.ts";
import type { Topic } from "../shared/store.ts";
import { compareTrials, type ComparedRow } from "./compare.ts";
import { inspectorStyles } from "./inspectorStyles.ts";
import { paramsAsJson, paramsAsYaml } from "./paramsText.ts";
import { goodRows, parameterStrip, sparkline } from "./strip.ts";

const maxCompared = 12;
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

export class TrialInspector extends PanelElement {
  static override styles = [baseStyles, messageStyles, inspectorStyles];

  private detail: TrialDetail | undefined;
  private problem: BasinError | undefined;
  private loading: AbortController | undefined;
  private loadedRevision = -1;
  private wantedNumber = -1;

  protected topics(): readonly Topic[] {
    return ["selected", "data", "connection"];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.load();
  }

  override disconnectedCallback(): void {
    this.loading?.abort();
    this.loading = undefined;
    this.wantedNumber = -1;
    super.disconnectedCallback();
  }

  protected override onStore(): void {
    this.load();
    this.requestUpdate();
  }

  /** Asks for the one selected trial when it is another one, or when it is not final and the study moved on. */
  private load(): void {
    const { selected, columns } = this.store;
    const number = selected.length === 1 ? selected[0]! : -1;
    const revision = columns?.revision ?? -1;
    const same = number === this.wantedNumber;
    if (same && (revision === this.loadedRevision || (this.detail !== undefined && isFinal(this.detail.state)))) return;
    // One request at a time for the same trial: the next revision asks again.
    if (same && this.loading !== undefined) return;
    this.loading?.abort();
    this.loading = undefined;
    this.wantedNumber = number;
    if (!same) {
      this.detail = undefined;
      this.problem = undefined;
    }
    if (number < 0) return;
    this.loadedRevision = revision;
    const abort = new AbortController();
    this.loading = abort;
    void this.fetch(number, abort);
  }

  private async fetch(number: number, abort: AbortController): Promise<void> {
    try {
      const detail = await this.actions.request("trial", { number }, { signal: abort.signal });
      if (abort.signal.aborted) return;
      this.detail = detail;
      this.problem = undefined;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.problem = error instanceof BasinError ? error : new BasinError("internal", errorText(error), "");
    }
    this.loading = undefined;
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const { selectedRows } = this.store;
    return html`<div class="frame" role="complementary" aria-label="Inspector">
      <div class="bar">
        <h2 class="clip">${this.heading()}</h2>
        ${selectedRows.length === 1 ? html`<basin-menu label="Trial Actions" icon="more" .items=${this.menu}></basin-menu>` : nothing}
        <button
          class="tool"
          aria-label="Close Inspector"
          title="Close Inspector"
          @click=${() => this.store.update({ inspectorOpen: false })}
        >
          ${icon("close")}
        </button>
      </div>
      <div class="content">
        ${selectedRows.length === 0 ? this.nothingSelected() : selectedRows.length === 1 ? this.one(selectedRows[0]!) : this.several()}
      </div>
    </div>`;
  }

  private heading(): TemplateResult | string {
    const { selectedRows, columns } = this.store;
    if (selectedRows.length === 0) return "Inspector";
    if (selectedRows.length > 1) return `${selectedRows.length.toLocaleString("en")} trials`;
    const row = selectedRows[0]!;
    const state = trialStates[columns?.state[row] ?? 0] ?? "waiting";
    const best = columns?.number[row] === this.store.study?.best?.number;
    return html`<span class="numeric">Trial ${columns?.number[row]}</span> ${stateIcon(state)}
      <span class="muted">${state}${best ? ", the best" : ""}</span>`;
  }

  private nothingSelected(): TemplateResult {
    const best = this.store.study?.best;
    return html`<div class="message">
      <p>
        Select a trial in the table or a chart to see its parameters, metrics and log; select two or more to compare
        them.
      </p>
      ${best === undefined ? nothing : html`<vscode-button appearance="secondary" @click=${() => this.store.select([best.number])}>Show the Best Trial</vscode-button>`}
    </div>`;
  }

  // --- one trial --------------------------------------------------------------------------------------------------

  private one(row: number): TemplateResult {
    const { store, detail } = this;
    const columns = store.table;
    const values = columns.filter((column) => column.role === "objective" || column.role === "metric");
    const known = values.filter((column) => !Number.isNaN(column.values[row]!));
    const good = goodRows(store.bestFirst, store.goodness);
    return html`
      ${this.actionsBar(row)} ${detail?.reason ? html`<p class="reason">${detail.reason}</p>` : nothing}
      <section aria-label="Metrics">
        <h3>Metrics</h3>
        ${known.length === 0 ? html`<p class="muted">No value yet.</p>` : known.map((column) => this.metric(column, row))}
      </section>
      <section aria-label="Parameters">
        <h3>Parameters <span class="muted hint">bars: best quarter of the trials</span></h3>
        ${columns.filter((column) => column.role === "param").map((column) => this.parameter(column, row, good))}
        ${this.constants()}
      </section>
      ${this.problem === undefined ? this.more() : this.failure(this.problem)}
    `;
  }

  private metric(column: PanelColumn, row: number): TemplateResult {
    const curve = this.detail?.curves.find(({ metric }) => metric === column.label);
    return html`<div class="pair">
      <span class="name clip" title=${column.label}>${column.label}</span>
      ${curve === undefined || curve.values.length < 2 ? html`<span></span>` : sparkline(curve.steps, curve.values)}
      <span class="value numeric" title=${fullText(column, row)}>${cellText(column, row)}</span>
    </div>`;
  }

  private parameter(column: PanelColumn, row: number, good: Int32Array): TemplateResult {
    const active = !Number.isNaN(column.values[row]!);
    return html`<div class="parameter">
      <span class="name clip" title=${column.label}>${column.label}</span>
      <span class=${active ? "value numeric" : "value muted"} title=${fullText(column, row)}
        >${active ? cellText(column, row) : "not set"}</span
      >
      ${parameterStrip(column, row, good)}
    </div>`;
  }

  /** Constants are in no column: they are the same in every trial. */
  private constants(): readonly TemplateResult[] {
    const { detail } = this;
    if (detail === undefined) return [];
    const shown = new Set(this.store.table.filter((column) => column.role === "param").map((column) => column.label));
    return Object.entries(detail.params)
      .filter(([name]) => !shown.has(name))
      .map(
        ([name, value]) =>
          html`<div class="parameter">
            <span class="name clip" title=${name}>${name}</span
            ><span class="value numeric" title=${String(value)}>${formatValue(value)}</span>
            <span class="muted hint">constant</span>
          </div>`,
      );
  }

  private more(): TemplateResult {
    const { detail } = this;
    if (detail === undefined)
      return html`<div class="skeleton" role="status" aria-label="Loading the trial"><span></span><span></span></div>`;
    const { startedAt, finishedAt, slot, placement, attempt, suggestedBecause, checkpoint, last, steps } = detail;
    const facts: (readonly [string, string, string?])[] = [];
    if (startedAt !== undefined) facts.push(["Started", moment.format(startedAt)]);
    if (startedAt !== undefined && finishedAt !== undefined)
      facts.push(["Took", formatDuration(finishedAt - startedAt)]);
    if (last !== undefined)
      facts.push(["Epochs", steps === undefined ? String(last.step) : `${last.step} of ${steps}`]);
    if (slot !== undefined && slot >= 0) facts.push(["Slot", String(slot + 1)]);
    if (placement !== undefined && placement !== "") facts.push(["Ran on", placement]);
    if (attempt > 1) facts.push(["Attempt", String(attempt)]);
    if (suggestedBecause !== "") facts.push(["Chosen because", suggestedBecause]);
    if (checkpoint !== undefined) facts.push(["Checkpoint", `epoch ${checkpoint.step}`, checkpoint.path]);
    return html`
      <section aria-label="Where and when">
        <h3>Where and when</h3>
        <dl>
          ${facts.map(
            ([name, value, title]) =>
              html`<dt>${name}</dt>
                <dd class="numeric" title=${title ?? nothing}>${value}</dd>`,
          )}
        </dl>
      </section>
      ${
        detail.logTail.length === 0
          ? nothing
          : html`<section aria-label="Log">
              <h3>Last lines of the log</h3>
              <pre tabindex="0">${detail.logTail.join("\n")}</pre>
            </section>`
      }
    `;
  }

  private failure(problem: BasinError): TemplateResult {
    return html`<div class="message" role="alert">
      <strong>The trial could not be loaded</strong>
      <p>${problem.message} ${problem.hint}</p>
      <p>
        <vscode-button appearance="secondary" @click=${() => this.retry()}>Try Again</vscode-button>
        <vscode-button appearance="secondary" @click=${() => void this.actions.act("showEngineLog", null)}
          >Show Log</vscode-button
        >
      </p>
    </div>`;
  }

  private retry(): void {
    this.wantedNumber = -1;
    this.load();
    this.requestUpdate();
  }

  private actionsBar(row: number): TemplateResult {
    const state = trialStates[this.store.columns?.state[row] ?? 0] ?? "waiting";
    const number = this.store.columns?.number[row] ?? -1;
    const { detail } = this;
    const off = !this.store.connected;
    return html`<div class="actions">
      ${isFinal(state) ? nothing : html`<vscode-button appearance="secondary" ?disabled=${off} @click=${() => void this.actions.act("stopTrial", { number })}>Stop</vscode-button>`}
      <vscode-button appearance="secondary" ?disabled=${off || detail === undefined} @click=${() => void this.enqueue()}
        >Enqueue Again</vscode-button
      >
      <vscode-button
        appearance="secondary"
        ?disabled=${detail?.logPath === undefined}
        @click=${() => void this.actions.act("openLog", { number })}
        >Open Log</vscode-button
      >
    </div>`;
  }

  private async enqueue(): Promise<void> {
    const { detail, actions } = this;
    if (detail === undefined) return;
    try {
      const { number } = await actions.request("enqueue", { params: detail.params });
      actions.notice(`Enqueued as trial ${number}.`);
    } catch (error) {
      actions.notice(errorText(error), "error");
    }
  }

  private readonly menu = (): readonly MenuItem[] => {
    const { detail, actions } = this;
    const copy = (what: string, text: () => string): MenuItem => ({
      label: `Copy Parameters as ${what}`,
      disabled: detail === undefined,
      run: () => void actions.copy(text(), "Copied the parameters."),
    });
    const params = detail?.params ?? {};
    return [copy("JSON", () => paramsAsJson(params)), copy("YAML", () => paramsAsYaml(params))];
  };

  // --- several ----------------------------------------------------------------------------------------------------

  private several(): TemplateResult {
    const { store } = this;
    const rows = [...store.selectedRows]
      .sort((a, b) => (store.goodness[b] ?? -1) - (store.goodness[a] ?? -1) || a - b)
      .slice(0, maxCompared);
    const compared = compareTrials(store.table, rows);
    const different = compared.filter(({ differs }) => differs);
    const same = compared.filter(({ differs }) => !differs);
    const left = store.selectedRows.length - rows.length;
    return html`
      ${left > 0 ? html`<p class="muted">The best ${rows.length} of ${store.selectedRows.length.toLocaleString("en")} selected trials.</p>` : nothing}
      <div class="wide">
        <table>
          <caption class="visually-hidden">
            Differences between the selected trials
          </caption>
          <thead>
            <tr>
              <th scope="col"></th>
              ${rows.map((row) => html`<th scope="col"><button class="link numeric" @click=${() => store.select([store.columns?.number[row] ?? -1])}>#${store.columns?.number[row]}</button></th>`)}
            </tr>
          </thead>
          <tbody>
            ${different.map((line) => this.comparedRow(line, rows))}
          </tbody>
          ${
            same.length === 0
              ? nothing
              : html`<tbody class="same">
                  <tr>
                    <th scope="rowgroup" colspan=${rows.length + 1}>The same in all</th>
                  </tr>
                  ${same.map((line) => this.comparedRow(line, rows.slice(0, 1), rows.length))}
                </tbody>`
          }
        </table>
      </div>
    `;
  }

  private comparedRow({ column, best }: ComparedRow, rows: readonly number[], span = 1): TemplateResult {
    return html`<tr>
      <th scope="row" class="clip" title=${column.label}>${column.label}</th>
      ${rows.map((row, i) => html`<td colspan=${span} class=${`numeric ${i === best && rows.length > 1 ? "top" : ""}`} title=${fullText(column, row)}>${this.compareText(column, row)}</td>`)}
    </tr>`;
  }

  private compareText(column: PanelColumn, row: number): string {
    if (column.role === "state") return trialStates[column.values[row]!] ?? "";
    if (column.role === "metric" || column.role === "objective") return formatNumber(column.values[row]!);
    return cellText(column, row) || "not set";
  }
}

customElements.define("basin-inspector", TrialInspector);
