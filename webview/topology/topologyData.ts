/**
 * What the Topology view has pulled and when it pulls again: report, matrix, pair and drift.
 * Invariant: one request of a kind at a time; a matrix is only computed after a person asked for it, and then kept up to date
 * until they cancel.
 */
import type {
  DriftColumns,
  TopologyAsk,
  TopologyMatrix,
  TopologyPair,
  TopologyReport,
} from "../../src/protocol/topology.ts";
import type { PanelContext } from "../shared/panelElement.ts";
import type { Pullable } from "../shared/liveData.ts";
import { Pulled } from "../shared/pulled.ts";
import { remembered } from "../shared/remembered.ts";
import { bestShownRows } from "../shared/srTable.ts";
import { usableTrials } from "./flagged.ts";
import { choosePair, type Pair } from "./pairChoice.ts";

/** Curves of drift that are drawn when nothing is selected, and at most. */
const driftBest = 8;
const driftLimit = 20;

export class TopologyData implements Pullable {
  readonly report = new Pulled<TopologyReport>();
  readonly matrix = new Pulled<TopologyMatrix>();
  readonly pair = new Pulled<TopologyPair>();
  readonly drift = new Pulled<DriftColumns>();
  /** A person asked for the matrix: trials that come later are compared too. */
  following = false;
  chosen: Pair | undefined;
  private asked = 0;
  private readonly panel: PanelContext;
  private readonly signal: AbortSignal;

  constructor(panel: PanelContext, signal: AbortSignal) {
    this.panel = panel;
    this.signal = signal;
  }

  private get ask(): TopologyAsk {
    const { layer } = this.panel.store.state.topology;
    const known = this.report.value?.layers.some(({ name }) => name === layer) ?? true;
    return layer === "" || !known ? {} : { layer };
  }

  /** Pulls what the section shows; `again` asks once more for what failed. */
  async pull(again: boolean): Promise<void> {
    const { store, actions } = this.panel;
    const { signal, ask } = this;
    const { section } = store.state.topology;
    const revision = store.columns?.revision ?? 0;
    const about = `${store.state.studyId}:${ask.layer ?? ""}`;
    if (again) for (const pulled of [this.report, this.matrix, this.pair, this.drift]) pulled.problem = undefined;
    await this.report.pull(`${about}:${revision}`, () => actions.request("topology", ask, { signal }));
    if (this.report.value === undefined || this.report.value.layer === "") return;
    const work: Promise<unknown>[] = [];
    if (section !== "drift") work.push(this.pullMatrix(`${about}:${revision}`, ask));
    if (section === "pairs") work.push(this.pullPair(about, ask));
    if (section === "drift") work.push(this.pullDrift(`${about}:${revision}`, ask));
    await Promise.all(work);
  }

  private async pullMatrix(about: string, ask: TopologyAsk): Promise<void> {
    const { actions } = this.panel;
    const { signal, following } = this;
    const held = this.matrix.value;
    // How far a computation is has no key of its own: it is asked anew until it is complete.
    const settled = held?.state === "complete" || (held?.state === "idle" && !following);
    const key = `${about}:${settled ? "" : this.asked++}`;
    await this.matrix.pull(key, async () => {
      const next = await actions.request("topologyMatrix", { ...ask, start: following }, { signal });
      // The same object for the same content: a chart lays itself out again for each new one.
      const same =
        held?.layer === next.layer && held.done === next.done && held.state === next.state && held.pairs === next.pairs;
      return same ? held : next;
    });
    if (this.matrix.value?.state === "computing") this.following = true;
  }

  /** The pair that is to be shown. */
  get wanted(): Pair | undefined {
    const { report } = this;
    if (report.value === undefined) return undefined;
    return choosePair({ selected: this.panel.store.selected, usable: this.usable, chosen: this.chosen });
  }

  private readonly usableHeld = remembered<readonly number[]>();

  /** Trials with a usable embedding, best first. */
  get usable(): readonly number[] {
    const { columns, bestFirst } = this.panel.store;
    const report = this.report.value;
    return this.usableHeld([report, columns, bestFirst], () => {
      if (report === undefined || columns === null) return [];
      const known = new Set(usableTrials(report.trials));
      return Array.from(bestFirst, (row) => columns.number[row]!).filter((number) => known.has(number));
    });
  }

  private async pullPair(about: string, ask: TopologyAsk): Promise<void> {
    const { wanted, signal } = this;
    if (wanted === undefined) return;
    await this.pair.pull(`${about}:${wanted.join()}`, () =>
      this.panel.actions.request("topologyPair", { ...ask, numbers: wanted }, { signal }),
    );
  }

  private async pullDrift(about: string, ask: TopologyAsk): Promise<void> {
    const numbers = this.driftNumbers();
    if (numbers.length === 0) {
      this.drift.clear();
      return;
    }
    const { signal } = this;
    await this.drift.pull(`${about}:${numbers.join()}`, () =>
      this.panel.actions.request("topologyDrift", { ...ask, numbers }, { signal }),
    );
  }

  /** The selected trials that sent several embeddings, and the best of the others. */
  private driftNumbers(): readonly number[] {
    const { store } = this.panel;
    const { trials } = this.report.value!;
    const several = new Set([...trials.number].filter((_, i) => trials.checkpoints[i]! >= 2));
    const selected = [...store.selected].filter((number) => several.has(number));
    const best = bestShownRows(store, store.filteredCount)
      .map((row) => store.columns!.number[row]!)
      .filter((number) => several.has(number));
    return [...new Set([...selected, ...best.slice(0, driftBest)])].slice(0, driftLimit).sort((a, b) => a - b);
  }

  /** Everything a section draws is pulled before it is drawn. */
  readonly hasWanted = false;

  /** Whether an answer is still in the making, so that the next pull should come soon. */
  get unfinished(): boolean {
    return this.matrix.value?.state === "computing";
  }
}
