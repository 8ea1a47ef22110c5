/**
 * Where views of scheduling get their report: pulled while they are on the page, when the study changed, at the pace of live
 * updates. Invariant: one request at a time; a report of another study is never handed on.
 */
import type { ReactiveController, TemplateResult } from "lit";
import { BasinError, errorText } from "../../src/core/errors.ts";
import type { ScheduleReport } from "../../src/protocol/schedule.ts";
import { LivePull } from "../shared/livePull.ts";
import type { PanelElement } from "../shared/panelElement.ts";
import { failure, loading } from "../shared/viewParts.ts";

export class ScheduleSource implements ReactiveController {
  report: ScheduleReport | undefined;
  private problem: BasinError | undefined;
  private readonly host: PanelElement;
  private abort = new AbortController();
  private live: LivePull | undefined;
  private asked: { readonly studyId: number; readonly revision: number } | undefined;

  /** @param host redrawn after the report or what is wrong with it changed */
  constructor(host: PanelElement) {
    this.host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.report = undefined;
    this.problem = undefined;
    this.asked = undefined;
    this.abort = new AbortController();
    this.live = new LivePull(() => this.pull());
    this.request();
  }

  hostDisconnected(): void {
    this.live?.dispose();
    this.abort.abort();
  }

  /** The study may have changed. */
  request(): void {
    const { columns } = this.host.panel.store;
    if (columns !== null && (this.asked?.studyId !== columns.studyId || this.asked.revision !== columns.revision))
      this.live?.request();
  }

  /** What is shown while there is no report. @param what begins the sentence "... could not be loaded" */
  waiting(what: string, label: string): TemplateResult {
    if (this.problem === undefined) return loading(label);
    const retry = (): void => {
      this.asked = undefined;
      this.live?.requestNow();
    };
    return failure(what, this.problem, retry, this.host.panel.actions);
  }

  private async pull(): Promise<void> {
    const { store, actions } = this.host.panel;
    const { signal } = this.abort;
    const { columns } = store;
    if (columns === null) return;
    const { studyId, revision } = columns;
    if (this.asked !== undefined && this.asked.studyId !== studyId) this.report = undefined;
    this.asked = { studyId, revision };
    try {
      const report = await actions.request("schedule", null, { signal });
      if (signal.aborted) return;
      this.report = report;
      this.problem = undefined;
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error instanceof BasinError ? error : new BasinError("internal", errorText(error), "");
    }
    this.host.requestUpdate();
  }
}
