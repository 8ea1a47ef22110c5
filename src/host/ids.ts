/**
 * Every command, setting, context key, view and panel id of the extension, in one typed map.
 * Invariant: package.json names exactly these (ids.test.ts holds the two together), and nothing else in the host spells one.
 */

export const commands = {
  startStudy: "basin.study.start",
  startFresh: "basin.study.startFresh",
  stopStudy: "basin.study.stop",
  pauseStudy: "basin.study.pause",
  resumeStudy: "basin.study.resume",
  openPanel: "basin.study.openPanel",
  openStudyFile: "basin.study.openFile",
  showProblems: "basin.study.showProblems",
  exportTrials: "basin.study.export",
  deleteStudy: "basin.study.delete",
  newStudy: "basin.study.new",
  tuneModel: "basin.model.tune",
  showTrial: "basin.trial.show",
  stopTrial: "basin.trial.stop",
  enqueueTrial: "basin.trial.enqueue",
  openTrialLog: "basin.trial.openLog",
  copyParams: "basin.trial.copyParams",
  compareTopology: "basin.trials.compareTopology",
  measureSharpness: "basin.trials.measureSharpness",
  filterTrials: "basin.trials.filter",
  clearFilter: "basin.trials.clearFilter",
  sortTrials: "basin.trials.sort",
  refresh: "basin.trials.refresh",
  loadMore: "basin.trials.loadMore",
  openStatus: "basin.status.open",
  showLogs: "basin.logs.show",
  openEngineLog: "basin.engine.openLog",
  installNative: "basin.native.install",
} as const;

export type CommandName = keyof typeof commands;
export type CommandId = (typeof commands)[CommandName];

/** Commands that make sense only on a tree item or a lens: hidden from the palette. */
export const internalCommands: readonly CommandName[] = ["showProblems", "showTrial", "loadMore", "openStatus"];

export const settings = {
  nodePath: "basin.nodePath",
  idleExitMinutes: "basin.engine.idleExitMinutes",
  pageSize: "basin.explorer.pageSize",
  notifications: "basin.notifications",
  tuneLens: "basin.codeLens.tuneModel",
} as const;

export const contextKeys = {
  /** Some study is running. */
  hasRunning: "basin.hasRunning",
  /** Some study is paused. */
  hasPaused: "basin.hasPaused",
  /** The store holds at least one study. */
  hasStudies: "basin.hasStudies",
  /** The Trials view has something to show (a study or a study file). */
  hasItems: "basin.hasItems",
  /** The Trials view shows a part only. */
  filtered: "basin.filtered",
} as const;

export const views = { container: "basin", trials: "basin.trials" } as const;

export const panelType = "basin.study";

/** `contextValue` of tree items, read by the `when` clauses of the menus. */
export const itemContext = {
  studyFile: "studyFile",
  study: (state: string): string => `study.${state}`,
  trial: (state: string): string => `trial.${state}`,
} as const;
