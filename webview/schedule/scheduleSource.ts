/**
 * Where views of scheduling get their report: pulled when the study changed, at the pace of live updates.
 * Invariant: one request at a time; a report of another study is never handed on.
 */
import { BasinError, errorText } from "../../src/core/errors.ts";
import type { ScheduleReport } from "../../src/protocol/schedule.ts";
import { LivePull } from "../shared/livePull.ts";
import type { PanelContext } from "../shared/panelElement.ts";

export class ScheduleSource {
  report: ScheduleReport | undefined;
  problem: BasinError | undefined;
  private readonly panel: PanelContext;
  private readonly changed: () => void;
  private readonly abort = new AbortController();
  private readonly live: LivePull;
  private asked: { readonly studyId: number; readonly revision: number } | undefined;

  /** @param changed called after `report` or `problem` did */
  constructor(panel: PanelContext, changed: () => void) {
    this.panel = panel;
    this.changed = changed;
    this.live = new LivePull(() => this.pull());
  }

  /** The study may have changed. */
  request(): void {
    const { columns } = this.panel.store;
    if (columns !== null && (this.asked?.studyId !== columns.studyId || this.asked.revision !== columns.revision))
      this.live.request();
  }

  /** A person wants to try again. */
  retry(): void {
    this.asked = undefined;
    this.live.requestNow();
  }

  dispose(): void {
    this.live.dispose();
    this.abort.abort();
  }

  private async pull(): Promise<void> {
    const { columns } = this.panel.store;
    if (columns === null) return;
    const { studyId, revision } = columns;
    if (this.asked !== undefined && this.asked.studyId !== studyId) this.report = undefined;
    this.asked = { studyId, revision };
    try {
      this.report = await this.panel.actions.request("schedule", null, { signal: this.abort.signal });
      this.problem = undefined;
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.problem = error instanceof BasinError ? error : new BasinError("internal", errorText(error), "");
    }
    this.changed();
  }
}
