/**
 * Joins store and host: answers `init`, pulls what is shown when something changed, keeps the state, passes the selection
 * on. Invariant: a selection that came from the host is never sent back, so panel and explorer cannot chase each other.
 */
import { BasinError, errorText } from "../../src/core/errors.ts";
import type { HostToPanel, PanelMethod, PanelPush, PanelState } from "../../src/protocol/panel.ts";
import type { PanelActions } from "../shared/panelElement.ts";
import { Rpc, type RequestOptions, type RequestParams, type RequestResult } from "../shared/rpc.ts";
import { sameSelection } from "../shared/selection.ts";
import type { PanelStore } from "../shared/store.ts";
import type { WebviewApi } from "../shared/vscodeApi.ts";
import { LivePull } from "../shared/livePull.ts";

const logLimit = 500;
/** The explorer shows one page of rows; a selection of thousands means nothing there. */
const maxSentSelection = 200;
const selectDelayMs = 60;
const saveDelayMs = 300;

export interface Notice {
  readonly message: string;
  readonly kind: "info" | "error";
}

export class PanelController implements PanelActions {
  readonly store: PanelStore;
  notices: Notice | null = null;
  onNotice: () => void = () => {};

  private readonly api: WebviewApi;
  private readonly rpc: Rpc;
  private readonly live: LivePull;
  private initialised = false;
  private takingFromHost = false;
  private sent: readonly number[] = [];
  private selectTimer: ReturnType<typeof setTimeout> | undefined;
  private saveTimer: ReturnType<typeof setTimeout> | undefined;
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: PanelStore, api: WebviewApi) {
    this.store = store;
    this.api = api;
    const { postMessage: post } = api;
    this.rpc = new Rpc((message) => post(message));
    this.rpc.onPush((push) => this.onPush(push));
    this.live = new LivePull(() => this.pull());
    store.subscribe(["selected"], () => this.selectionChanged());
    store.subscribe(["ui", "filtered", "selected"], () => this.saveSoon());
  }

  /** Call once the page listens for messages. */
  start(): void {
    this.rpc.ready();
  }

  receive(message: HostToPanel): void {
    this.rpc.receive(message);
  }

  request<M extends PanelMethod>(
    method: M,
    params: RequestParams<M>,
    options?: RequestOptions,
  ): Promise<RequestResult<M>> {
    return this.rpc.request(method, params, options);
  }

  async act<M extends PanelMethod>(method: M, params: RequestParams<M>): Promise<boolean> {
    try {
      await this.rpc.request(method, params);
      return true;
    } catch (error) {
      if (!(error instanceof BasinError && error.code === "cancelled")) this.notice(errorText(error), "error");
      return false;
    }
  }

  async copy(text: string, done: string): Promise<void> {
    if (await this.act("copyText", { text })) this.notice(done);
  }

  notice(message: string, kind: "info" | "error" = "info"): void {
    this.notices = message === "" ? null : { message, kind };
    clearTimeout(this.noticeTimer);
    if (kind === "info") this.noticeTimer = setTimeout(() => this.notice(""), 4000);
    this.onNotice();
  }

  openInspector(): void {
    this.store.update({ inspectorOpen: true });
  }

  refresh(): void {
    this.live.requestNow();
  }

  private onPush(push: PanelPush): void {
    switch (push.type) {
      case "init":
        this.initialise(push.studyId, push.state);
        break;
      case "changed":
        if (push.revision !== this.store.columns?.revision) this.live.request();
        break;
      case "selection":
        this.takeSelection(push.numbers);
        break;
      case "view": {
        const { flatness, topology } = this.store.state;
        // Who asks for Topology from outside compares two trials, and for Flatness has had sharpness measured.
        this.store.update({
          view: push.view,
          ...(push.view === "topology" ? { topology: { ...topology, section: "pairs" } } : {}),
          ...(push.view === "flatness" ? { flatness: { ...flatness, section: "sharpness" } } : {}),
        });
        break;
      }
      case "connection":
        this.store.setConnection(push.connected, push.message);
        if (push.connected) this.live.requestNow();
        break;
    }
  }

  private initialise(studyId: number, state: PanelState | null): void {
    // A second init (host restarted) keeps what the person has on screen.
    if (!this.initialised) {
      const own = this.api.getState();
      const kept = state ?? (isStateOf(own, studyId) ? own : null);
      this.takingFromHost = true;
      this.store.restore(kept);
      this.takingFromHost = false;
      this.initialised = true;
    }
    this.store.state.studyId = studyId;
    this.live.requestNow();
  }

  private async pull(): Promise<void> {
    try {
      const [study, columns, log] = await Promise.all([
        this.rpc.request("study", null),
        this.rpc.request("columns", null),
        this.rpc.request("log", { limit: logLimit }),
      ]);
      this.store.pulledAt = performance.now();
      this.store.log = log;
      this.store.setData(study, columns);
    } catch (error) {
      const problem = error instanceof BasinError ? error : new BasinError("internal", errorText(error), "");
      if (problem.code !== "cancelled") this.store.setProblem(problem);
    }
  }

  private takeSelection(numbers: readonly number[]): void {
    if (sameSelection(numbers, this.sent) && numbers.length > 0) return;
    this.takingFromHost = true;
    this.store.select(numbers);
    this.sent = [...this.store.selected];
    this.takingFromHost = false;
  }

  private selectionChanged(): void {
    if (this.takingFromHost || !this.initialised) return;
    clearTimeout(this.selectTimer);
    this.selectTimer = setTimeout(() => {
      const numbers = [...this.store.selected.subarray(0, maxSentSelection)];
      if (sameSelection(numbers, this.sent)) return;
      this.sent = numbers;
      // The explorer not following is no reason to disturb anyone.
      this.rpc.request("select", { numbers }).catch(() => {});
    }, selectDelayMs);
  }

  private saveSoon(): void {
    // A timer that runs is left to run: live updates would otherwise put the saving off for ever.
    if (!this.initialised || this.saveTimer !== undefined) return;
    this.saveTimer = setTimeout(() => {
      this.saveTimer = undefined;
      this.api.setState(this.store.snapshot());
    }, saveDelayMs);
  }
}

function isStateOf(state: unknown, studyId: number): boolean {
  return typeof state === "object" && state !== null && "studyId" in state && state.studyId === studyId;
}
