/**
 * Requests from the webview to the host over `postMessage`, and the host's pushes.
 * Invariant: every request settles: with the host's answer, its error, a time-out or a cancellation; none hangs for ever.
 */
import { BasinError, basinErrorCodes, type BasinErrorCode } from "../../src/core/errors.ts";
import type { HostToPanel, PanelMethod, PanelPush, PanelRequests, PanelToHost } from "../../src/protocol/panel.ts";

export type RequestParams<M extends PanelMethod> = PanelRequests[M][0];
export type RequestResult<M extends PanelMethod> = PanelRequests[M][1];

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; 0 waits for ever (a dialogue is open at the host's side). */
  readonly timeoutMs?: number;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: BasinError) => void;
  readonly done: () => void;
}

const defaultTimeoutMs = 30_000;
/** A person may sit in front of these as long as they like. */
const patient: ReadonlySet<PanelMethod> = new Set<PanelMethod>(["saveText", "saveImage", "start", "stop"]);

export class Rpc {
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private readonly handlers = new Set<(push: PanelPush) => void>();
  private readonly post: (message: PanelToHost) => void;

  /** @param post sends one message to the host */
  constructor(post: (message: PanelToHost) => void) {
    this.post = post;
  }

  /** Tells the host that pushes can be received; it answers with `init`. */
  ready(): void {
    this.post({ type: "ready" });
  }

  /** @throws BasinError: the host's, `cancelled` on abort, `engine-unavailable` when no answer came in time. */
  request<M extends PanelMethod>(
    method: M,
    params: RequestParams<M>,
    options: RequestOptions = {},
  ): Promise<RequestResult<M>> {
    const { signal } = options;
    const timeoutMs = options.timeoutMs ?? (patient.has(method) ? 0 : defaultTimeoutMs);
    return new Promise<RequestResult<M>>((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new BasinError("cancelled", `${method} was cancelled.`));
        return;
      }
      const id = this.nextId++;
      const giveUp = (error: BasinError): void => {
        const pending = this.pending.get(id);
        if (pending === undefined) return;
        this.pending.delete(id);
        pending.done();
        this.post({ type: "cancel", id });
        reject(error);
      };
      const timer =
        timeoutMs > 0
          ? setTimeout(() => {
              giveUp(
                new BasinError(
                  "engine-unavailable",
                  `No answer to "${method}" within ${Math.round(timeoutMs / 1000)} s.`,
                  "Basin's log says what the engine is doing.",
                ),
              );
            }, timeoutMs)
          : undefined;
      const onAbort = (): void => giveUp(new BasinError("cancelled", `${method} was cancelled.`));
      signal?.addEventListener("abort", onAbort, { once: true });
      this.pending.set(id, {
        resolve: (result) => resolve(result as RequestResult<M>),
        reject,
        done: () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", onAbort);
        },
      });
      this.post({ type: "request", id, method, params });
    });
  }

  /** Takes a message from the host. Answers to requests that were given up are ignored. */
  receive(message: HostToPanel): void {
    if (message.type !== "response") {
      for (const handler of this.handlers) handler(message);
      return;
    }
    const pending = this.pending.get(message.id);
    if (pending === undefined) return;
    this.pending.delete(message.id);
    pending.done();
    if (message.ok) pending.resolve(message.result);
    else pending.reject(new BasinError(toCode(message.code), message.message, message.hint));
  }

  /** Returns a function that ends the subscription. */
  onPush(handler: (push: PanelPush) => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }
}

function toCode(code: string): BasinErrorCode {
  return (basinErrorCodes as readonly string[]).includes(code) ? (code as BasinErrorCode) : "internal";
}
