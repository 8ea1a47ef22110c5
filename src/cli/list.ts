/**
 * `basin list`: the studies of a workspace.
 */
import type { StudySummary } from "../protocol/engine.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { createOutput } from "./output.ts";
import { type Asker, type Session, withSession } from "./session.ts";
import { resultObject, studyTable, toJson } from "./text.ts";
import { workspaceHere } from "./workspace.ts";

/** In an engine that resumed nothing, a study that is still `running` was cut off with the engine before. */
async function listStudies(client: Asker, session: Session): Promise<readonly StudySummary[]> {
  const studies = await client.request("study.list", {});
  if (!session.hosted) return studies;
  return studies.map((study) =>
    study.state === "running" ? { ...study, state: "paused", reason: "Interrupted; a run goes on with it." } : study,
  );
}

export async function listCommand(options: {
  readonly json?: boolean;
  readonly workspace?: string;
}): Promise<ExitCode> {
  const workspace = workspaceHere(options.workspace);
  const output = createOutput(options.json === true);
  const studies = await withSession(workspace, "look", listStudies, () => []);
  if (options.json === true) output.result(toJson(studies.map((study) => resultObject(study, workspace))));
  else if (studies.length === 0)
    output.result(`No study has been started in ${workspace} yet. Start one with: basin run <study file>`);
  else for (const line of studyTable(studies)) output.result(line);
  return exitCodes.done;
}
