/**
 * A host for the gallery: answers the panel's requests from a generated study, over real `postMessage` with real arrays.
 * Invariant: speaks only the panel protocol, so the panel bundle that runs here is the one that ships.
 */
import type { HostToPanel, PanelMethod, PanelState, PanelToHost } from "../../src/protocol/panel.ts";
import { diagnosticAnswers } from "./diagnosticAnswers.ts";
import { withSharpness } from "./generateFlatness.ts";
import { generateStudy, type GeneratedOptions, type GeneratedStudy } from "./generate.ts";

export interface FakeHostOptions extends GeneratedOptions {
  readonly count: number;
  /** A trial is added every so many ms; 0 = never. */
  readonly liveMs: number;
  /** Every request fails. */
  readonly failing: boolean;
  readonly disconnected: boolean;
  /** Answers wait this long. */
  readonly delayMs: number;
  readonly state0: Partial<PanelState> | null;
  /** Trials sent no embeddings and carry no sharpness; or one embedding each. */
  readonly diagnostics: "all" | "none" | "little";
  /** Pairs and landscapes are there already, without being asked for. */
  readonly computed: boolean;
  /** Trials carry measures of sharpness. */
  readonly sharpness: boolean;
  readonly fghpo: boolean;
}

/** What a test can read back: window.basinHost. */
export interface FakeHost {
  readonly sent: { readonly method: string; readonly params: unknown }[];
  state: unknown;
  push(message: HostToPanel): void;
  /** Grows the study to `count` trials and says so. */
  grow(count: number): void;
}

declare global {
  interface Window {
    basinHost: FakeHost;
  }
}

export function installFakeHost(options: FakeHostOptions): FakeHost {
  let revision = 1;
  performance.mark("generate-start");
  let data: GeneratedStudy = generateStudy(options.count, options, revision);
  performance.mark("generate-end");
  // The page's clock stands where the study is looked at, so that what runs has run for as long as it says.
  Date.now = () => data.clock + performance.now();
  const cancelled = new Set<number>();
  const post = (message: HostToPanel): void => window.postMessage(message, "*");
  const host: FakeHost = {
    sent: [],
    state: options.state0 === null ? undefined : { version: 1, studyId: 1, ...options.state0 },
    push: post,
    grow: (count) => {
      data = generateStudy(count, options, ++revision);
      post({ type: "changed", revision });
    },
  };
  const { diagnostics: how, computed, fghpo, sharpness } = options;
  const diagnostics = diagnosticAnswers({ how, computed, fghpo });
  const answer = (message: Extract<PanelToHost, { type: "request" }>): unknown => {
    const params = message.params as {
      number?: number;
      metric?: string;
      numbers?: readonly number[];
      maxTrials?: number;
    } | null;
    const answers: Partial<Record<PanelMethod, () => unknown>> = {
      study: () => (fghpo ? { ...data.study, scheduler: "fghpo" } : data.study),
      columns: () => (sharpness ? withSharpness(data.columns) : data.columns),
      log: () => data.log,
      schedule: () => data.schedule(),
      curves: () => data.curves(params?.metric ?? "", params?.numbers, params?.maxTrials ?? 100),
      trial: () => data.trial(params?.number ?? -1),
      enqueue: () => ({ number: data.columns.count }),
    };
    const diagnostic = diagnostics(message.method, message.params, data.columns);
    if (diagnostic !== undefined) return diagnostic;
    // Everything else is an action: it is written down and done.
    return answers[message.method]?.() ?? null;
  };
  const reply = (message: Extract<PanelToHost, { type: "request" }>): void => {
    if (cancelled.delete(message.id)) return;
    const { id } = message;
    if (options.failing) {
      post({
        type: "response",
        id,
        ok: false,
        code: "engine-unavailable",
        message: "The engine of this workspace could not be started: exit code 127.",
        hint: "Basin's log says why. Setting basin.nodePath to a Node of version 22.14 or newer usually helps.",
      });
    } else post({ type: "response", id, ok: true, result: answer(message) });
  };
  globalThis.acquireVsCodeApi = () => ({
    postMessage: (message) => {
      if (message.type === "ready") {
        post({ type: "init", studyId: 1, state: (host.state as PanelState | undefined) ?? null });
        if (options.disconnected)
          post({
            type: "connection",
            connected: false,
            message: "the engine ended unexpectedly; trying to start it again.",
          });
      } else if (message.type === "cancel") cancelled.add(message.id);
      else {
        host.sent.push({ method: message.method, params: message.params });
        if (options.delayMs > 0) setTimeout(() => reply(message), options.delayMs);
        else reply(message);
      }
    },
    getState: () => host.state,
    setState: (state) => {
      host.state = state;
    },
  });
  if (options.liveMs > 0) setInterval(() => host.grow(data.columns.count + 1), options.liveMs);
  window.basinHost = host;
  return host;
}
