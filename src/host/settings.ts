/**
 * The only place that reads settings; always with a scope.
 * Invariant: what comes out is checked, so a mistyped value in settings.json falls back to the default.
 */
import * as vscode from "vscode";
import { settings } from "./ids.ts";

export type NotificationLevel = "all" | "failures" | "none";

export interface Settings {
  /** Path of a Node to run trainers with; empty = found automatically. */
  readonly nodePath: string;
  readonly idleExitMinutes: number;
  /** Trials a page of the explorer. */
  readonly pageSize: number;
  readonly notifications: NotificationLevel;
  readonly tuneLens: boolean;
}

function numberWithin(value: unknown, low: number, high: number, fallback: number): number {
  return typeof value === "number" && Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : fallback;
}

/** The settings as they hold for `scope` (a study file or a workspace folder). */
export function readSettings(scope: vscode.Uri | undefined): Settings {
  const configuration = vscode.workspace.getConfiguration(undefined, scope ?? null);
  const nodePath = configuration.get<unknown>(settings.nodePath);
  const notifications = configuration.get<unknown>(settings.notifications);
  return {
    nodePath: typeof nodePath === "string" ? nodePath.trim() : "",
    idleExitMinutes: numberWithin(configuration.get(settings.idleExitMinutes), 0.1, 1440, 5),
    pageSize: Math.round(numberWithin(configuration.get(settings.pageSize), 20, 2000, 200)),
    notifications: notifications === "failures" || notifications === "none" ? notifications : "all",
    tuneLens: configuration.get<unknown>(settings.tuneLens) !== false,
  };
}
