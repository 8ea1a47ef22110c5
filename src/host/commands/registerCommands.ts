/**
 * Every command of the extension with its handler. A command in ids.ts without one does not compile.
 * Invariant: whatever a handler throws goes through `report`, once; the caller gets the result or undefined.
 */
import * as vscode from "vscode";
import { errorText } from "../../core/errors.ts";
import { createScope, type Disposable } from "../disposables.ts";
import { commands, type CommandName } from "../ids.ts";
import type { Services } from "../services.ts";
import { compareTopology } from "./compareTopology.ts";
import { filterTrials, loadMore, openEngineLog, refresh, showLogs, sortTrials } from "./explorerCommands.ts";
import { installNative } from "./installNative.ts";
import { measureSharpness } from "./measureSharpness.ts";
import { newStudy } from "./newStudy.ts";
import { openStatus } from "./openStatus.ts";
import { showProblems, startStudy } from "./startStudy.ts";
import { deleteStudy, exportTrials, openStudyFile, pauseStudy, resumeStudy, stopStudy } from "./studyCommands.ts";
import { copyParams, enqueueTrial, openPanel, openTrialLog, showTrial, stopTrial } from "./trialCommands.ts";
import { tuneModel } from "./tuneModel.ts";

/** `all`: every selected item, when the command was called on one of several in the view. */
type Handler = (services: Services, argument: unknown, all: unknown) => unknown;

const handlers: Readonly<Record<CommandName, Handler>> = {
  startStudy: (services, argument) => startStudy(services, argument, "continue"),
  startFresh: (services, argument) => startStudy(services, argument, "fresh"),
  stopStudy,
  pauseStudy,
  resumeStudy,
  openPanel,
  openStudyFile,
  showProblems,
  exportTrials,
  deleteStudy,
  newStudy: () => newStudy(),
  tuneModel,
  showTrial,
  stopTrial,
  enqueueTrial,
  openTrialLog,
  copyParams,
  compareTopology,
  measureSharpness,
  filterTrials,
  clearFilter: ({ tree }) => tree.setFilter(undefined),
  sortTrials,
  refresh,
  loadMore,
  openStatus,
  showLogs,
  openEngineLog: (_services, argument) => openEngineLog(argument),
  installNative,
};

export function registerCommands(services: Services): Disposable {
  const scope = createScope();
  for (const name of Object.keys(commands) as CommandName[]) {
    const handler = handlers[name];
    scope.add(
      vscode.commands.registerCommand(commands[name], async (argument: unknown, all: unknown) => {
        services.log.debug(`Command ${commands[name]}`);
        try {
          return await handler(services, argument, all);
        } catch (error) {
          services.log.debug(errorText(error));
          services.report(error);
          return undefined;
        }
      }),
    );
  }
  return scope;
}
