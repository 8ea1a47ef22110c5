/**
 * `basin show <study> [trial]`: one study with its trials, the best first, or everything about one trial.
 */
import type { ScheduleReport } from "../protocol/schedule.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { createOutput } from "./output.ts";
import { nothingStored, withSession } from "./session.ts";
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
      const { scheduler } = await client.request("study.get", { studyId: study.id });
      const schedule =
        scheduler === "" || scheduler === "none"
          ? undefined
          : await client.request("study.schedule", { studyId: study.id });
      if (options.json === true) {
        output.result(toJson({ ...resultObject(study, workspace), ...scheduleObject(schedule), rows }));
      } else {
        for (const line of studyLines(study, rows, total, schedule)) output.result(line);
      }
    },
    () => nothingStored(workspace),
  );
  return exitCodes.done;
}

/** What `--json` says of scheduling. */
function scheduleObject(report: ScheduleReport | undefined): Record<string, unknown> {
  if (report === undefined) return {};
  const { scheduler, trainedSteps, fullSteps, brackets, decisions, lineage } = report;
  return { schedule: { scheduler, trainedSteps, fullSteps: fullSteps ?? null, brackets, decisions, lineage } };
}
