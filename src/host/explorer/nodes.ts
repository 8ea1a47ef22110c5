/**
 * The items of the Trials view and how they look.
 * Invariant: the same study, file or trial is always the same object with the same id, so an update keeps selection,
 * focus and expansion.
 */
import * as vscode from "vscode";
import type { TrialRow } from "../../protocol/engine.ts";
import type { FolderPath } from "../engineConnection.ts";
import { commands, itemContext } from "../ids.ts";
import { studyKey, type LiveStudy } from "../studies.ts";
import {
  incumbentIcon,
  studyDescription,
  studyIcons,
  studyTooltip,
  trialDescription,
  trialIcons,
  trialSpoken,
  type IconSpec,
} from "./texts.ts";

export interface StudyNode {
  readonly kind: "study";
  readonly key: string;
  study: LiveStudy;
  /** How it was first shown; afterwards the person's own choice counts. */
  readonly expanded: boolean;
  /** Rows to load. */
  limit: number;
  /** Trials of the last pull, by number, in the order shown. */
  trials: Map<number, TrialNode>;
  /** What was shown with them; undefined as long as the study was never opened. */
  shown: { readonly total: number; readonly look: string } | undefined;
}

export interface TrialNode {
  readonly kind: "trial";
  readonly parent: StudyNode;
  row: TrialRow;
}

/** A study file that was never started. */
export interface FileNode {
  readonly kind: "file";
  readonly uri: vscode.Uri;
  name: string;
  errors: number;
}

export interface MoreNode {
  readonly kind: "more";
  readonly parent: StudyNode;
  readonly shown: number;
  readonly total: number;
}

/** Nothing to show, or an error, in words. */
export interface NoteNode {
  readonly kind: "note";
  readonly parent: StudyNode;
  readonly text: string;
  readonly isError: boolean;
}

export type Node = StudyNode | TrialNode | FileNode | MoreNode | NoteNode;

export function themeIcon(icon: IconSpec): vscode.ThemeIcon {
  return icon.color === undefined
    ? new vscode.ThemeIcon(icon.id)
    : new vscode.ThemeIcon(icon.id, new vscode.ThemeColor(icon.color));
}

/** Markdown of our own making: not trusted, so that no text in it can run a command. */
export function plainMarkdown(text: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(text, false);
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  return markdown;
}

/** What the argument of a command is about, when it is an item of this view. */
export function isNode(value: unknown): value is Node {
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  return kind === "study" || kind === "trial" || kind === "file" || kind === "more" || kind === "note";
}

export function metricsOf(study: LiveStudy): string[] {
  return study.summary.objectives.map((objective) => objective.metric);
}

/** @param folderName shown where several folders are open; empty otherwise */
export function treeItemOf(node: Node, folderName: (folder: FolderPath) => string): vscode.TreeItem {
  switch (node.kind) {
    case "study": {
      const { summary, folder } = node.study;
      const item = new vscode.TreeItem(
        summary.name,
        node.expanded ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed,
      );
      item.id = `study:${node.key}`;
      item.description = studyDescription(summary, folderName(folder));
      item.iconPath = themeIcon(studyIcons[summary.state]);
      item.tooltip = plainMarkdown(studyTooltip(summary));
      item.contextValue = itemContext.study(summary.state);
      item.accessibilityInformation = { label: `Study ${summary.name}, ${summary.state}, ${item.description}` };
      return item;
    }
    case "trial": {
      const { row, parent } = node;
      const incumbent = parent.study.summary.best?.number === row.number;
      const item = new vscode.TreeItem(`#${row.number}`, vscode.TreeItemCollapsibleState.None);
      item.id = `trial:${parent.key}/${row.number}`;
      item.description = trialDescription(row);
      item.iconPath = themeIcon(incumbent ? incumbentIcon : trialIcons[row.state]);
      item.contextValue = itemContext.trial(row.state);
      item.accessibilityInformation = { label: trialSpoken(row, metricsOf(parent.study), incumbent) };
      item.command = { command: commands.showTrial, title: "Show Trial", arguments: [node] };
      return item;
    }
    case "file": {
      const item = new vscode.TreeItem(node.name, vscode.TreeItemCollapsibleState.None);
      item.id = `file:${node.uri.fsPath}`;
      item.description =
        node.errors > 0 ? `${node.errors} ${node.errors === 1 ? "problem" : "problems"}` : "not started";
      item.iconPath = themeIcon(
        node.errors > 0 ? { id: "warning", color: "list.warningForeground" } : { id: "circle-large-outline" },
      );
      item.resourceUri = node.uri;
      item.tooltip = node.uri.fsPath;
      item.accessibilityInformation = { label: `Study file ${node.name}, ${item.description}` };
      item.contextValue = itemContext.studyFile;
      item.command = { command: commands.openStudyFile, title: "Open Study File", arguments: [node] };
      return item;
    }
    case "more": {
      const item = new vscode.TreeItem("Load more", vscode.TreeItemCollapsibleState.None);
      item.id = `more:${node.parent.key}`;
      item.description = `${node.shown} of ${node.total}`;
      item.iconPath = new vscode.ThemeIcon("ellipsis");
      item.command = { command: commands.loadMore, title: "Load More Trials", arguments: [node] };
      return item;
    }
    case "note":
      return noteItem(node);
    default:
      return node satisfies never;
  }
}

function noteItem(node: NoteNode): vscode.TreeItem {
  const item = new vscode.TreeItem(node.text, vscode.TreeItemCollapsibleState.None);
  item.id = `note:${node.parent.key}`;
  item.iconPath = new vscode.ThemeIcon(node.isError ? "warning" : "info");
  return item;
}

export function newStudyNode(study: LiveStudy, limit: number): StudyNode {
  return {
    kind: "study",
    key: studyKey(study),
    study,
    expanded: study.summary.state === "running",
    limit,
    trials: new Map(),
    shown: undefined,
  };
}
