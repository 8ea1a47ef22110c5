/**
 * Measure Sharpness: of any trials of a study that have trained and left a checkpoint, shown in the panel's Flatness view.
 * Invariant: what is asked for goes on in the engine whatever becomes of the window; turning away from a question asks nothing.
 */
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import { defaultEstimators, estimators, lastLayerIds, networkIds, type EstimatorId } from "../../core/sharpness.ts";
import type { FlatnessJob } from "../../protocol/flatness.ts";
import type { Services } from "../services.ts";
import { studyKey, type LiveStudy } from "../studies.ts";
import { requireTrust } from "../trust.ts";
import { pickTrials, studyTarget, trialsNamed } from "./targets.ts";
import { showTrials } from "./trialCommands.ts";

const title = "Measure Sharpness";
/** Ticked to begin with. */
const ticked: ReadonlySet<EstimatorId> = new Set(defaultEstimators);

interface MeasureItem extends vscode.QuickPickItem {
  readonly id?: EstimatorId;
}

export async function measureSharpness(services: Services, argument: unknown, all: unknown): Promise<void> {
  requireTrust("measure sharpness");
  const study = await studyTarget(services, argument, title);
  if (study === undefined) return;
  const named = trialsNamed(services, study, argument, all);
  const numbers = named.length > 0 ? named : await pickTrials(services, study, { title, placeHolder: "Trials" });
  if (numbers === undefined || numbers.length === 0) return;
  const measures = await pickMeasures(numbers);
  if (measures === undefined || measures.length === 0) return;
  const jobs = await ask(services, study, numbers, measures);
  await showTrials(services, study, numbers, "flatness");
  await watch(services, study, jobs);
}

async function pickMeasures(numbers: readonly number[]): Promise<readonly EstimatorId[] | undefined> {
  const item = (id: EstimatorId): MeasureItem => ({
    label: estimators[id].label,
    description: estimators[id].formula,
    detail: estimators[id].measures,
    picked: ticked.has(id),
    id,
  });
  const separator = (label: string): MeasureItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const picked = await vscode.window.showQuickPick(
    [
      separator("last layer, cheap"),
      ...defaultEstimators.map(item),
      separator("whole network, tens of gradients each"),
      ...networkIds.map(item),
      separator("other ratios and norms of the last layer, cheap"),
      ...lastLayerIds.filter((id) => !ticked.has(id)).map(item),
    ],
    {
      title: `${title} of ${numbers.length === 1 ? `Trial ${numbers[0]!}` : `${numbers.length} Trials`}`,
      placeHolder: "Measures",
      canPickMany: true,
      matchOnDescription: true,
    },
  );
  return picked?.flatMap(({ id }) => (id === undefined ? [] : [id]));
}

/** @throws BasinError of the first that cannot be measured, when none can */
async function ask(
  services: Services,
  study: LiveStudy,
  numbers: readonly number[],
  measures: readonly EstimatorId[],
): Promise<readonly FlatnessJob[]> {
  const asked = await Promise.allSettled(
    numbers.map((number) =>
      services.engines.request(study.folder, "flatness.compute", {
        studyId: study.summary.id,
        number,
        request: { kind: "sharpness", estimators: measures },
      }),
    ),
  );
  const jobs = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const refused = asked.find((one) => one.status === "rejected");
  if (refused !== undefined && jobs.length === 0) throw refused.reason;
  if (refused !== undefined) services.report(refused.reason);
  return jobs;
}

/** Progress until all have ended; its cancel button ends those that have not. */
async function watch(services: Services, study: LiveStudy, asked: readonly FlatnessJob[]): Promise<void> {
  const { engines, studies } = services;
  const { folder, summary } = study;
  const ids = new Set(asked.map(({ id }) => id));
  const pull = async (): Promise<readonly FlatnessJob[]> => {
    const list = await engines.request(folder, "flatness.list", { studyId: summary.id });
    return list.filter(({ id }) => ids.has(id));
  };
  const isOpen = ({ state }: FlatnessJob): boolean => state === "waiting" || state === "running";
  const ended = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Measuring the sharpness of ${asked.length === 1 ? `trial ${asked[0]!.number}` : `${asked.length} trials`} of ${summary.name}`,
      cancellable: true,
    },
    (progress, token) =>
      new Promise<readonly FlatnessJob[]>((resolve, reject) => {
        const scope: vscode.Disposable[] = [];
        let reached = 0;
        let pulling = false;
        let again = false;
        const end = (how: () => void): void => {
          for (const one of scope.splice(0)) one.dispose();
          how();
        };
        const look = async (): Promise<void> => {
          if (pulling) {
            again = true;
            return;
          }
          pulling = true;
          try {
            do {
              again = false;
              const jobs = await pull();
              const done = jobs.reduce((sum, job) => sum + (isOpen(job) ? job.progress : 1), 0) / asked.length;
              progress.report({ increment: 100 * Math.max(0, done - reached) });
              reached = Math.max(reached, done);
              if (!jobs.some(isOpen)) end(() => resolve(jobs));
            } while (again);
          } catch (error) {
            end(() => reject(error instanceof Error ? error : new Error(String(error))));
          } finally {
            pulling = false;
          }
        };
        scope.push(
          studies.onDidChange(({ changed, structure }) => {
            if (structure || changed.some((one) => studyKey(one) === studyKey(study))) void look();
          }),
          token.onCancellationRequested(() => {
            for (const id of ids)
              engines
                .request(folder, "flatness.cancel", { studyId: summary.id, id })
                .catch((error: unknown) => services.report(error));
          }),
        );
        void look();
      }),
  );
  const failed = ended.filter(({ state }) => state === "failed");
  if (failed.length === 0) return;
  const [{ number, reason }] = failed as [FlatnessJob];
  const others = failed.length === 1 ? "" : ` So it is with ${failed.length - 1} more.`;
  throw new BasinError("trainer", `The sharpness of trial ${number} could not be measured: ${reason}${others}`);
}
