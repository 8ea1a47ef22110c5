/**
 * `basin pause|resume|stop <study>`: the same as the buttons in the editor, for a study that an engine runs.
 * Invariant: never starts anything: without an engine there is nothing to pause, and `basin run` is the way to go on.
 */
import { BasinError } from "../core/errors.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { withSession } from "./session.ts";
import { findStudy, workspaceOfRef } from "./studyRef.ts";
import { countsText, relative } from "./text.ts";

const done = { pause: "Paused", resume: "Resumed", stop: "Stopped" } as const;

export type ControlAction = keyof typeof done;

export async function controlCommand(
  action: ControlAction,
  ref: string,
  options: { readonly workspace?: string },
): Promise<ExitCode> {
  const workspace = workspaceOfRef(ref, options.workspace);
  await withSession(
    workspace,
    "control",
    async (client) => {
      const study = await findStudy(client, ref);
      await client.request(`study.${action}`, { studyId: study.id });
      const after = await client.request("study.get", { studyId: study.id });
      process.stdout.write(`${done[action]} ${after.name} at ${countsText(after)}.\n`);
      if (action !== "resume") process.stdout.write(`Go on with: basin run ${relative(after.path)}\n`);
    },
    () => {
      throw new BasinError(
        "engine-unavailable",
        `No engine runs in ${workspace}, so no study does.`,
        action === "resume" ? "Go on with a study by: basin run <study file>" : "",
      );
    },
  );
  return exitCodes.done;
}
