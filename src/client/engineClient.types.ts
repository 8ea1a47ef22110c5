/**
 * How windows and the CLI reach the engine of a workspace.
 * Invariant: a client never opens the database; when the engine dies it finds or starts the next one by itself.
 */
import type { EngineMethod, EngineNotifications, EngineParams, EngineResult } from "../protocol/engine.ts";

export interface ConnectOptions {
  /** Absolute workspace folder; the engine's files are in `<workspace>/.basin`. */
  readonly workspace: string;
  /** Who is calling, for the engine's log: "window", "cli". */
  readonly client: string;
  /** What to do when no engine runs: start one detached with this program, or fail with `engine-unavailable`. */
  readonly start:
    | { readonly execPath: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }
    | "never";
  /** The connection was lost (engine killed) or is back. The client reconnects by itself unless disposed. */
  readonly onConnection?: (state: { readonly connected: boolean; readonly message: string }) => void;
}

export interface EngineClient {
  /** @throws BasinError; `cancelled` when `signal` aborts, `engine-unavailable` when no engine can be reached. */
  request<M extends EngineMethod>(method: M, params: EngineParams<M>, signal?: AbortSignal): Promise<EngineResult<M>>;
  /** Returns a function that ends the subscription. Survives reconnection. */
  onNotification<N extends keyof EngineNotifications>(
    name: N,
    handler: (params: EngineNotifications[N]) => void,
  ): () => void;
  readonly connected: boolean;
  dispose(): void;
}
// src/client/engineClient.ts exports: connectEngine(options: ConnectOptions): Promise<EngineClient>
