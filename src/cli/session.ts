/**
 * The engine a command talks to: the one that runs in the workspace, or one hosted here for as long as the command lasts.
 * Invariant: an engine hosted here is closed with the session (running trials are put back); one found running is left alone.
 */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { connectEngine } from "../client/engineClient.ts";
import type { EngineClient } from "../client/engineClient.types.ts";
import { workspaceFiles } from "../client/workspaceFiles.ts";
import { BasinError } from "../core/errors.ts";
import { startEngine, WorkspaceTakenError } from "../engine/engine.ts";

export type Asker = Pick<EngineClient, "request" | "onNotification">;

export interface Session {
  readonly client: Asker;
  readonly workspace: string;
  /** Whether the engine runs in this process. */
  readonly hosted: boolean;
  /** Any number of calls. */
  close(): Promise<void>;
}

/** What the session is for: running studies, or only looking at them (then an engine hosted here resumes nothing). */
export type SessionPurpose = "study" | "look";

/** How long an engine that is just starting or ending may take before that is an error. */
const patienceMs = 20_000;

/**
 * Connects to the workspace's engine or hosts one.
 * @throws BasinError `storage`, `protocol-mismatch`, `engine-unavailable`
 */
export async function openSession(workspace: string, purpose: SessionPurpose): Promise<Session> {
  if (!existsSync(workspace)) {
    throw new BasinError(
      "invalid-argument",
      `The workspace ${workspace} does not exist.`,
      "Name another one with --workspace.",
    );
  }
  const until = Date.now() + patienceMs;
  for (;;) {
    const running = await connectRunning(workspace);
    if (running !== undefined) return running;
    try {
      return await host(workspace, purpose);
    } catch (error) {
      // Another one was faster, or is about to end: look again.
      if (!(error instanceof WorkspaceTakenError) || Date.now() > until) throw error;
      await delay(100);
    }
  }
}

/** A session with the engine that runs in the workspace; undefined when none does. */
export async function connectRunning(workspace: string): Promise<Session | undefined> {
  if (!existsSync(workspaceFiles(workspace).lock)) return undefined;
  try {
    const client = await connectEngine({ workspace, client: "cli", start: "never" });
    return {
      client,
      workspace,
      hosted: false,
      close: () => {
        client.dispose();
        return Promise.resolve();
      },
    };
  } catch (error) {
    if (error instanceof BasinError && error.code === "engine-unavailable") return undefined;
    throw error;
  }
}

async function host(workspace: string, purpose: SessionPurpose): Promise<Session> {
  const engine = await startEngine({ workspace, foreground: true, resume: purpose === "study" });
  return { client: engine, workspace, hosted: true, close: () => engine.close("The command that hosted it ended.") };
}

/**
 * Does `work` with the engine of a workspace.
 * @param otherwise the result when nothing has been stored there ("look") or no engine runs ("control"); a function may throw
 */
export async function withSession<T>(
  workspace: string,
  purpose: "look" | "control",
  work: (client: Asker, session: Session) => Promise<T>,
  otherwise: () => T,
): Promise<T> {
  const nothing = purpose === "look" && !existsSync(workspaceFiles(workspace).database);
  const session = nothing
    ? undefined
    : purpose === "look"
      ? await openSession(workspace, "look")
      : await connectRunning(workspace);
  if (session === undefined) return otherwise();
  try {
    return await work(session.client, session);
  } finally {
    await session.close();
  }
}

/** What `withSession` answers otherwise, where a command needs a study. @throws BasinError `unknown-study` */
export function nothingStored(workspace: string): never {
  throw new BasinError(
    "unknown-study",
    `No study has been started in ${workspace} yet.`,
    "Start one with: basin run <study file>",
  );
}
