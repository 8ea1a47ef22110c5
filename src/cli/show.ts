/**
 * `basin show <study> [trial]`: one study with its trials, the best first, or everything about one trial.
 */
import { BasinError } from "../core/errors.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { createOutput } from "./output.ts";
import { withSession } from "./session.ts";
import { findStudy, workspaceOfRef } from "./studyRef.ts";
import { resultObject, studyLines, toJson, trialLines } from "./text.ts";

export interface ShowOptions {
  readonly json?: boolean;
  readonly limit: number;
  readonly workspace?: string;
}

export async function showCommand(ref: string, trial: number | undefined, options: ShowOptions): Promise<ExitCode> {
  const workspace = workspaceOfRef(ref, options.workspace);
  const output = createOutput(options.json === true);
  await withSession(
    workspace,
    "look",
    async (client) => {
      const study = await findStudy(client, ref);
      if (trial !== undefined) {
        const detail = await client.request("trial.get", { studyId: study.id, number: trial });
        if (options.json === true) output.result(toJson(detail));
        else for (const line of trialLines(study.objectives, detail)) output.result(line);
        return;
      }
      const { rows, total } = await client.request("trial.rows", {
        studyId: study.id,
        sort: "best",
        offset: 0,
        limit: options.limit,
      });
      if (options.json === true) output.result(toJson({ ...resultObject(study, workspace), rows }));
      else for (const line of studyLines(study, rows, total)) output.result(line);
    },
    () => {
      throw new BasinError(
        "unknown-study",
        `No study has been started in ${workspace} yet.`,
        "Start one with: basin run <study file>",
      );
    },
  );
  return exitCodes.done;
}
