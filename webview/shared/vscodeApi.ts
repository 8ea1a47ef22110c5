/**
 * The three functions an editor gives a webview, typed with our protocol.
 * Invariant: `acquireVsCodeApi` is called once, by panel/main.ts; everything else is handed the result.
 */
import type { PanelToHost } from "../../src/protocol/panel.ts";

export interface WebviewApi {
  readonly postMessage: (message: PanelToHost) => void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare global {
  /** Put on the page by the editor before any script of ours runs; throws when called twice. */
  function acquireVsCodeApi(): WebviewApi;
}
