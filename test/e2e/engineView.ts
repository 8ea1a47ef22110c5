/**
 * What the engine itself says about a workspace, to hold what the workbench shows against.
 * Invariant: never starts an engine: a test that needs one to run has to have made the extension start it.
 */
import { connectEngine } from "../../src/client/engineClient.ts";
import type { EngineClient } from "../../src/client/engineClient.types.ts";
import type { StudySummary, TrialRow } from "../../src/protocol/engine.ts";

/** Asks the engine of `workspace`, once. */
export async function askEngine<T>(workspace: string, ask: (client: EngineClient) => Promise<T>): Promise<T> {
  const client = await connectEngine({ workspace, client: "e2e", start: "never" });
  try {
    return await ask(client);
  } finally {
    client.dispose();
  }
}

/** The newest study of a name. @throws Error when there is none. */
async function newest(client: EngineClient, name: string): Promise<StudySummary> {
  const studies = await client.request("study.list", {});
  const found = studies.filter((study) => study.name === name).toSorted((a, b) => b.generation - a.generation)[0];
  if (found === undefined)
    throw new Error(`The engine knows no study ${name}; it knows ${studies.map((study) => study.name).join(", ")}.`);
  return found;
}

/** The newest study of a name. @throws Error when there is none. */
export function studyNamed(workspace: string, name: string): Promise<StudySummary> {
  return askEngine(workspace, (client) => newest(client, name));
}

/** All trials of a study, by number. */
export async function trialsOf(workspace: string, studyId: number): Promise<readonly TrialRow[]> {
  const query = { studyId, sort: "number", offset: 0, limit: 1000 } as const;
  const { rows } = await askEngine(workspace, (client) => client.request("trial.rows", query));
  return rows.toSorted((a, b) => a.number - b.number);
}

/**
 * Waits until the engine's answers are what `holds` asks for, which is asked again whenever the engine says that something has
 * changed; errors on the way count as "not yet". @throws Error with `what` when it never does, or when no engine runs
 */
export async function engineComesTo(
  workspace: string,
  what: string,
  holds: (client: EngineClient) => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  let changed = (): void => undefined;
  let last: unknown = "";
  let timer: NodeJS.Timeout | undefined;
  const isLate = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), timeoutMs);
  });
  const client = await connectEngine({ workspace, client: "e2e", start: "never", onConnection: () => changed() });
  try {
    client.onNotification("changed", () => changed());
    for (;;) {
      // Before it is asked, so that no change in between is missed.
      const next = new Promise<void>((resolve) => {
        changed = resolve;
      });
      try {
        if (await holds(client)) return;
      } catch (error) {
        last = error;
      }
      if ((await Promise.race([next, isLate])) === "late") throw new Error(`Never came true: ${what}. ${String(last)}`);
    }
  } finally {
    clearTimeout(timer);
    client.dispose();
  }
}

/** Waits until the newest study of a name is as `holds` asks for. */
export async function studyComesTo(
  workspace: string,
  name: string,
  what: string,
  holds: (study: StudySummary) => boolean,
  timeoutMs?: number,
): Promise<void> {
  await engineComesTo(workspace, `${name} is ${what}`, async (client) => holds(await newest(client, name)), timeoutMs);
}

/** Waits until the newest study of a name is in a state, which may take as long as a test. */
export async function studyBecomes(workspace: string, name: string, state: StudySummary["state"]): Promise<void> {
  await studyComesTo(workspace, name, state, (study) => study.state === state, 170_000);
}

/**
 * Waits until `holds` answers true of what the engine does not tell: pages and files, looked at ten times a second; errors on
 * the way count as "not yet". @throws Error with `what` when it never does
 */
export async function eventually(what: string, holds: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = "";
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`Never came true: ${what}. ${String(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
