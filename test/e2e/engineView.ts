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
export async function studyNamed(workspace: string, name: string): Promise<StudySummary> {
  const studies = await askEngine(workspace, (client) => client.request("study.list", {}));
  const found = studies.filter((study) => study.name === name).toSorted((a, b) => b.generation - a.generation)[0];
  if (found === undefined)
    throw new Error(`The engine knows no study ${name}; it knows ${studies.map((study) => study.name).join(", ")}.`);
  return found;
}

/** All trials of a study, by number. */
export async function trialsOf(workspace: string, studyId: number): Promise<readonly TrialRow[]> {
  const query = { studyId, sort: "number", offset: 0, limit: 1000 } as const;
  const { rows } = await askEngine(workspace, (client) => client.request("trial.rows", query));
  return rows.toSorted((a, b) => a.number - b.number);
}

/** Waits until `holds` answers true; errors on the way count as "not yet". @throws Error with `what` when it never does. */
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
