/**
 * Compare Topology: the panel on its Topology view with two trials selected.
 * Invariant: both are of one study; with fewer than two named, the person picks, and turning away changes nothing.
 */
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import { isNode, metricsOf, type TrialNode } from "../explorer/nodes.ts";
import { trialDescription, trialSpoken } from "../explorer/texts.ts";
import type { Services } from "../services.ts";
import { studyKey, type LiveStudy } from "../studies.ts";
import { studyTarget } from "./targets.ts";

const offered = 200;

function isTrial(item: unknown): item is TrialNode {
  return isNode(item) && item.kind === "trial";
}

export async function compareTopology(services: Services, argument: unknown, all: unknown): Promise<void> {
  const study = await studyTarget(services, argument, "Compare Topology");
  if (study === undefined) return;
  const nodes = (Array.isArray(all) ? all : [argument]).filter(isTrial);
  const named = nodes.filter((node) => node.parent.key === studyKey(study)).map((node) => node.row.number);
  // What is selected in the panel counts where the view names no two.
  const selected = services.selection.get(studyKey(study));
  const numbers = named.length >= 2 ? named : selected.length >= 2 && named.length === 0 ? selected : undefined;
  const pair = numbers?.slice(0, 2) ?? (await pickPair(services, study, named[0] ?? selected[0]));
  if (pair === undefined) return;
  services.selection.set(
    studyKey(study),
    pair.toSorted((a, b) => a - b),
    "command",
  );
  const session = await services.panels.open(study, { preserveFocus: false });
  session.showView("topology");
}

/** @throws BasinError when the study has fewer than two trials that have trained */
async function pickPair(
  services: Services,
  study: LiveStudy,
  first: number | undefined,
): Promise<readonly number[] | undefined> {
  const { rows } = await services.engines.request(study.folder, "trial.rows", {
    studyId: study.summary.id,
    sort: "best",
    states: ["complete", "pruned", "paused", "running"],
    offset: 0,
    limit: offered,
  });
  if (rows.length < 2)
    throw new BasinError(
      "unknown-trial",
      `Compare Topology: ${study.summary.name} has fewer than two trials that have trained.`,
      "Wait for a second one.",
    );
  const metrics = metricsOf(study);
  const items = rows.map((row) => ({
    label: `#${row.number}`,
    description: `${row.state} · ${trialDescription(row)}`,
    picked: row.number === first,
    number: row.number,
    ariaLabel: trialSpoken(row, metrics, false),
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: "Compare Topology",
    placeHolder: "Two trials",
    canPickMany: true,
    matchOnDescription: true,
  });
  if (picked === undefined) return undefined;
  if (picked.length !== 2) throw new BasinError("invalid-argument", "Compare Topology needs exactly two trials.");
  return picked.map(({ number }) => number);
}
