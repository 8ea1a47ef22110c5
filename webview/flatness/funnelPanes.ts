/** FGHPO's funnel and why configurations left it. Invariant: every reason can be followed to its trials. */
import { html, nothing, type TemplateResult } from "lit";
import { message } from "../shared/viewParts.ts";
import { remembered } from "../shared/remembered.ts";
import "./funnelChart.ts";
import { funnelOf, type Funnel, type FunnelReason } from "./funnelModel.ts";
import type { ViewContext } from "./viewContext.ts";

const named = 12;
const places: Readonly<Record<FunnelReason["at"], string>> = {
  failed: "Failed",
  value: "Nothing to judge by",
  gate: "Loss gate",
  rank: "Not among the chosen",
};

export class FunnelPanes {
  private readonly held = remembered<Funnel>();

  render(context: ViewContext, waiting: TemplateResult): TemplateResult {
    const { store } = context.panel;
    const report = context.data.schedule.value;
    if (report === undefined) return html`<div class="panes">${waiting}</div>`;
    const { columns, bestFirst } = store;
    const funnel = this.held([report, columns], () => {
      const values = columns?.objectives[0]?.values;
      const valued = [...bestFirst].filter((row) => !Number.isNaN(values?.[row] ?? Number.NaN));
      return funnelOf(
        report,
        valued.map((row) => columns?.number[row] ?? -1),
      );
    });
    if (funnel.stages[0]?.numbers.length === 0)
      return message(
        "No configuration tried yet",
        "Every configuration trains for an epoch, passes the loss gate or not, and the chosen ones train in full.",
      );
    return html`<div class="panes">
      <section class="pane" aria-label="Funnel">
        <div class="chart-head">
          <h2>Funnel</h2>
          <span class="muted clip">${funnel.open > 0 ? `${funnel.open} not judged yet` : ""}</span>
          <span class="space"></span>
          ${context.menu("basin-fghpo-funnel", true)}
        </div>
        <basin-fghpo-funnel class="chart" .panel=${context.panel} .funnel=${funnel}></basin-fghpo-funnel>
      </section>
      <section class="pane" aria-label="Why configurations were discarded">
        <div class="chart-head"><h2>Discarded</h2></div>
        ${funnel.reasons.length === 0 ? message("None yet", "The reason of each discarded configuration will stand here.") : this.reasons(context, funnel.reasons)}
      </section>
    </div>`;
  }

  private reasons({ panel: { store } }: ViewContext, reasons: readonly FunnelReason[]): TemplateResult {
    return html`<ol class="reasons" tabindex="0" aria-label="Reasons, the most frequent first">
      ${reasons.map(
        ({ at, example, numbers }) =>
          html`<li>
            <strong>${places[at]}: ${numbers.length}</strong>
            <p class="muted">${numbers.length > 1 ? `For example #${numbers[0]}: ` : ""}${example}</p>
            <p>
              ${numbers.slice(0, named).map((number) => html`<button class="link numeric" @click=${() => store.select([number])}>#${number}</button> `)}
              ${numbers.length > 1 ? html`<button class="link" @click=${() => store.select(numbers)}>${numbers.length > named ? `and ${numbers.length - named} more: select all` : "Select all"}</button>` : nothing}
            </p>
          </li>`,
      )}
    </ol>`;
  }
}
