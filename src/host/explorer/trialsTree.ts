/**
 * The Trials view: studies, their trials, live.
 * Invariant: shows what the engine answered last; an update refreshes only the studies that changed, and a study whose
 * trials are slow to pull is pulled less often, so the view never holds up the editor.
 */
import path from "node:path";
import * as vscode from "vscode";
import { errorText } from "../../core/errors.ts";
import { createScope, type Disposable } from "../disposables.ts";
import { workspaceFolders, type ConnectionState, type Engines } from "../engineConnection.ts";
import { contextKeys, views } from "../ids.ts";
import type { Selection } from "../selection.ts";
import { readSettings } from "../settings.ts";
import { studyKey, type LiveStudy, type Studies } from "../studies.ts";
import type { StudyFiles } from "../studyFiles.ts";
import { throttle, type Timed } from "../timing.ts";
import {
  metricsOf,
  newStudyNode,
  plainMarkdown,
  treeItemOf,
  type FileNode,
  type Node,
  type StudyNode,
  type TrialNode,
} from "./nodes.ts";
import { studyDescription, trialDescription, trialTooltip } from "./texts.ts";
import type { TrialFilter } from "./trialFilter.ts";
import { fetchPage, type TrialPage, type TrialSort } from "./trialPage.ts";

export interface TrialsTree extends Disposable {
  readonly provider: vscode.TreeDataProvider<Node>;
  filter(): TrialFilter | undefined;
  setFilter(filter: TrialFilter | undefined): void;
  sort(): TrialSort;
  setSort(sort: TrialSort): void;
  loadMore(study: StudyNode): void;
  /** Rebuilds the view from what is known. */
  refresh(): void;
  /** Makes the view visible and shows the study with its trials; the editor keeps the focus. */
  revealStudy(study: LiveStudy): Promise<void>;
  /** What is selected in the view. */
  selected(): Node | undefined;
}

/** How often a study is pulled. */
interface Pace {
  gap: number;
  readonly timed: Timed;
}

export function createTrialsTree(
  engines: Engines,
  studies: Studies,
  files: StudyFiles,
  selection: Selection,
): TrialsTree {
  const scope = createScope();
  const updates = scope.add(new vscode.EventEmitter<Node | Node[] | undefined>());
  const studyNodes = new Map<string, StudyNode>();
  const fileNodes = new Map<string, FileNode>();
  const paces = new Map<string, Pace>();
  /** Pages pulled before the view asked for them. */
  const ahead = new Map<string, TrialPage>();
  const lost = new Map<string, string>();
  let filter: TrialFilter | undefined;
  let sort: TrialSort = "best";
  /** Item that is being selected by us and not by the person. */
  let revealing: string | undefined;

  const pageSize = (): number => readSettings(undefined).pageSize;

  function nodeOf(study: LiveStudy): StudyNode {
    const key = studyKey(study);
    let node = studyNodes.get(key);
    if (node === undefined) studyNodes.set(key, (node = newStudyNode(study, pageSize())));
    node.study = study;
    return node;
  }

  function roots(): Node[] {
    const live = studies.all();
    const keys = new Set(live.map(studyKey));
    for (const key of studyNodes.keys()) if (!keys.has(key)) studyNodes.delete(key);
    const started = new Set(live.map((study) => study.summary.path));
    const notStarted: FileNode[] = [];
    for (const checked of files.all()) {
      const { fsPath } = checked.uri;
      if (started.has(fsPath)) continue;
      let node = fileNodes.get(fsPath);
      if (node === undefined) fileNodes.set(fsPath, (node = { kind: "file", uri: checked.uri, name: "", errors: 0 }));
      node.name = checked.parsed.study?.name ?? path.basename(fsPath);
      node.errors = checked.parsed.issues.filter((issue) => issue.severity === "error").length;
      notStarted.push(node);
    }
    return [...live.map(nodeOf), ...notStarted];
  }

  async function pull(node: StudyNode): Promise<TrialPage> {
    const { folder, summary } = node.study;
    const begun = performance.now();
    const query = { studyId: summary.id, sort, filter, limit: node.limit };
    const page = await fetchPage((method, params) => engines.request(folder, method, params), query);
    // At most four times a second, and at most a fifth of the time is spent on pulling.
    paceOf(node).gap = Math.max(250, (performance.now() - begun) * 4);
    return page;
  }

  async function trialsOf(node: StudyNode): Promise<Node[]> {
    const waiting = ahead.get(node.key);
    ahead.delete(node.key);
    let page: TrialPage;
    try {
      page = waiting ?? (await pull(node));
    } catch (error) {
      return [{ kind: "note", parent: node, text: errorText(error), isError: true }];
    }
    const trials = new Map<number, TrialNode>();
    for (const row of page.rows) {
      const trial = node.trials.get(row.number) ?? { kind: "trial", parent: node, row };
      trial.row = row;
      trials.set(row.number, trial);
    }
    node.trials = trials;
    node.shown = { total: page.total, look: lookOf(node) };
    if (page.total === 0) {
      const text = filter === undefined ? "No trials yet" : "No trial matches the filter";
      return [{ kind: "note", parent: node, text, isError: false }];
    }
    const nodes: Node[] = [...trials.values()];
    if (page.total > nodes.length) nodes.push({ kind: "more", parent: node, shown: nodes.length, total: page.total });
    return nodes;
  }

  /** What the study's own line says: as long as it stays, only its rows may need drawing. */
  const lookOf = ({ study }: StudyNode): string => `${study.summary.state} ${studyDescription(study.summary)}`;

  /**
   * Draws what changed. Drawing a row again takes its tooltip away, so while the order stays only the rows that say
   * something new are drawn.
   */
  async function redraw(node: StudyNode): Promise<void> {
    const { shown } = node;
    if (shown === undefined || shown.look !== lookOf(node)) {
      updates.fire(node);
      return;
    }
    const page = await pull(node);
    const before = [...node.trials.keys()];
    const same = page.total === shown.total && page.rows.length === before.length;
    if (!same || page.rows.some((row, i) => row.number !== before[i])) {
      ahead.set(node.key, page);
      updates.fire(node);
      return;
    }
    const changed: TrialNode[] = [];
    for (const row of page.rows) {
      const trial = node.trials.get(row.number);
      if (trial === undefined) continue;
      if (trial.row.state !== row.state || trialDescription(trial.row) !== trialDescription(row)) changed.push(trial);
      trial.row = row;
    }
    if (changed.length > 0) updates.fire(changed);
  }

  function paceOf(node: StudyNode): Pace {
    let pace = paces.get(node.key);
    if (pace === undefined) {
      const made: Pace = {
        gap: 250,
        timed: throttle(
          () => made.gap,
          () => void redraw(node).catch(() => updates.fire(node)),
        ),
      };
      paces.set(node.key, (pace = made));
    }
    return pace;
  }

  const setContext = (key: string, value: boolean): void =>
    void vscode.commands.executeCommand("setContext", key, value);

  function describe(): void {
    const all = studies.all();
    setContext(contextKeys.hasStudies, all.length > 0);
    setContext(contextKeys.hasItems, all.length > 0 || files.all().length > 0);
    setContext(
      contextKeys.hasRunning,
      all.some((study) => study.summary.state === "running"),
    );
    setContext(
      contextKeys.hasPaused,
      all.some((study) => study.summary.state === "paused"),
    );
    setContext(contextKeys.filtered, filter !== undefined);
    const trials = all.reduce((sum, study) => sum + study.summary.counts.running, 0);
    if ((view.badge?.value ?? 0) !== trials) {
      view.badge =
        trials === 0
          ? undefined
          : { value: trials, tooltip: trials === 1 ? "1 trial is running" : `${trials} trials are running` };
    }
    const messages = [...lost.values()];
    if (!vscode.workspace.isTrusted && files.all().length > 0)
      messages.push("Trust this workspace to run its studies.");
    if (filter !== undefined) messages.push(`Filter: ${filter.text}`);
    const message = messages.join("\n");
    if ((view.message ?? "") !== message) view.message = message;
  }

  const folderName = (folder: string): string => (workspaceFolders().length > 1 ? path.basename(folder) : "");

  const provider: vscode.TreeDataProvider<Node> = {
    onDidChangeTreeData: updates.event,
    getTreeItem: (node) => treeItemOf(node, folderName),
    getParent: (node) => (node.kind === "study" || node.kind === "file" ? undefined : node.parent),
    getChildren: (node) => (node === undefined ? roots() : node.kind === "study" ? trialsOf(node) : []),
    async resolveTreeItem(item, node, token) {
      if (node.kind !== "trial") return item;
      const { folder, summary } = node.parent.study;
      const metrics = metricsOf(node.parent.study);
      try {
        const detail = await engines.request(folder, "trial.get", { studyId: summary.id, number: node.row.number });
        if (!token.isCancellationRequested) item.tooltip = plainMarkdown(trialTooltip(detail, metrics));
      } catch {
        // The row itself says nearly as much.
        item.tooltip = plainMarkdown(trialTooltip(node.row, metrics));
      }
      return item;
    },
  };
  const view = scope.add(
    vscode.window.createTreeView(views.trials, {
      treeDataProvider: provider,
      showCollapseAll: true,
      canSelectMany: true,
    }),
  );

  async function select(node: TrialNode): Promise<void> {
    revealing = `${node.parent.key}/${node.row.number}`;
    try {
      await view.reveal(node, { select: true, focus: false, expand: false });
    } catch {
      // Scrolled out of the loaded pages in the meantime: the panel shows it anyway.
    } finally {
      revealing = undefined;
    }
  }

  function refresh(): void {
    describe();
    ahead.clear();
    updates.fire(undefined);
  }

  scope.add(
    view.onDidChangeSelection(({ selection: nodes }) => {
      const node = nodes.find((each) => each.kind === "trial");
      if (node === undefined || revealing === `${node.parent.key}/${node.row.number}`) return;
      // The panel of a study shows its own trials; those of other studies in the selection are not its business.
      const { key } = node.parent;
      const numbers = nodes.flatMap((each) =>
        each.kind === "trial" && each.parent.key === key ? [each.row.number] : [],
      );
      selection.set(
        key,
        numbers.toSorted((a, b) => a - b),
        "explorer",
      );
    }),
  );
  scope.add(
    view.onDidCollapseElement(({ element }) => {
      // Rows of a closed study are not pulled until it is opened again.
      if (element.kind === "study") element.shown = undefined;
    }),
  );
  scope.add(
    selection.listen("explorer", ({ study, numbers }) => {
      const number = numbers[0];
      const node = number === undefined ? undefined : studyNodes.get(study)?.trials.get(number);
      if (node !== undefined && view.visible && !view.selection.includes(node)) void select(node);
    }),
  );
  scope.add(
    studies.onDidChange(({ structure, changed }) => {
      if (structure) refresh();
      else {
        describe();
        for (const study of changed) paceOf(nodeOf(study)).timed.call();
      }
    }),
  );
  const filesChanged = scope.add(throttle(250, refresh));
  scope.add(files.onDidChange(() => filesChanged.call()));
  scope.add(
    engines.onConnection(({ folder, connected, message }: ConnectionState) => {
      if (connected) lost.delete(folder);
      else lost.set(folder, message);
      describe();
    }),
  );
  scope.defer(() => paces.forEach(({ timed }) => timed.dispose()));
  describe();

  return {
    provider,
    filter: () => filter,
    setFilter(next) {
      filter = next;
      for (const node of studyNodes.values()) node.limit = pageSize();
      refresh();
    },
    sort: () => sort,
    setSort(next) {
      sort = next;
      refresh();
    },
    loadMore(node) {
      node.limit += pageSize();
      ahead.delete(node.key);
      updates.fire(node);
    },
    refresh,
    async revealStudy(study) {
      await view.reveal(nodeOf(study), { select: false, focus: false, expand: true });
    },
    selected: () => view.selection[0],
    dispose: () => scope.dispose(),
  };
}
