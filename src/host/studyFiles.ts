/**
 * The study files of the workspace and of the open editors, checked: the one pipeline that diagnostics, lenses and explorer read.
 * Invariant: what is known of a file belongs to its present text (the editor's if it is open, else the disk's); a file that is
 * gone is forgotten. The parser is loaded with the first file, not with the extension.
 */
import type { FSWatcher } from "chokidar";
import * as vscode from "vscode";
import { errorText } from "../core/errors.ts";
import type { ParsedStudy, StudyFormat } from "../core/study/definition.ts";
import { studyFormatOf } from "../core/study/format.ts";
import { createScope, type Disposable } from "./disposables.ts";
import { studyLanguage } from "./loadLanguage.ts";
import type { Log } from "./log.ts";
import { debounce, type Timed } from "./timing.ts";

const pattern = "**/*.study.{yaml,yml,json}";
/** Never searched or watched: other people's packages, repositories' and Basin's own data. */
const ignored = "**/{node_modules,.git,.basin,.venv,dist,out}/**";
const maxFiles = 2000;
const maxBytes = 2_000_000;

export interface CheckedStudy {
  readonly uri: vscode.Uri;
  readonly text: string;
  readonly format: StudyFormat;
  readonly parsed: ParsedStudy;
}

export interface StudyFiles extends Disposable {
  /** Files checked so far, by path. */
  all(): readonly CheckedStudy[];
  get(uri: vscode.Uri): CheckedStudy | undefined;
  /** Parses the file as it is now. @throws when it cannot be read */
  check(uri: vscode.Uri): Promise<CheckedStudy>;
  /** Parses a document (cached by its text). */
  checkDocument(document: vscode.TextDocument): Promise<CheckedStudy>;
  /** Looks for study files in the whole workspace again. */
  scan(): Promise<void>;
  /** A file was checked anew, or (`gone`) has vanished. */
  readonly onDidChange: vscode.Event<{ readonly uri: vscode.Uri; readonly gone: boolean }>;
}

export function isStudyDocument(document: vscode.TextDocument): boolean {
  return document.uri.scheme === "file" && studyFormatOf(document.uri.path) !== undefined;
}

export function createStudyFiles(log: Log): StudyFiles {
  const scope = createScope();
  const changes = scope.add(new vscode.EventEmitter<{ uri: vscode.Uri; gone: boolean }>());
  const known = new Map<string, CheckedStudy>();
  const timers = new Map<string, Timed>();
  let watcher: FSWatcher | undefined;

  async function parse(uri: vscode.Uri, text: string): Promise<CheckedStudy> {
    const old = known.get(uri.fsPath);
    if (old?.text === text) return old;
    const format = studyFormatOf(uri.path) ?? "yaml";
    const { parse: parseText } = await studyLanguage();
    return { uri, text, format, parsed: parseText(text, format) };
  }

  function keep(checked: CheckedStudy): CheckedStudy {
    const path = checked.uri.fsPath;
    const old = known.get(path);
    if (old === checked || scope.disposed) return checked;
    known.set(path, checked);
    if (old === undefined) watcher?.add(path);
    changes.fire({ uri: checked.uri, gone: false });
    return checked;
  }

  function forget(uri: vscode.Uri): void {
    timers.get(uri.fsPath)?.dispose();
    timers.delete(uri.fsPath);
    if (known.delete(uri.fsPath)) changes.fire({ uri, gone: true });
  }

  const openDocument = (uri: vscode.Uri): vscode.TextDocument | undefined =>
    vscode.workspace.textDocuments.find((document) => !document.isClosed && document.uri.fsPath === uri.fsPath);

  async function readText(uri: vscode.Uri): Promise<string> {
    const open = openDocument(uri);
    if (open !== undefined) return open.getText();
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > maxBytes) throw new Error(`${uri.fsPath} is too large for a study (${size} bytes)`);
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  }

  async function check(uri: vscode.Uri): Promise<CheckedStudy> {
    return keep(await parse(uri, await readText(uri)));
  }

  /** Checks in the background, a little after the last change. */
  function checkSoon(uri: vscode.Uri): void {
    const path = uri.fsPath;
    if (studyFormatOf(path) === undefined || /[/\\]\.basin[/\\]/.test(path)) return;
    let timer = timers.get(path);
    if (timer === undefined) {
      timer = debounce(200, () => {
        check(uri).catch((error: unknown) => {
          if (error instanceof vscode.FileSystemError && error.code === "FileNotFound") forget(uri);
          else log.warn(`Study file ${path}: ${errorText(error)}`);
        });
      });
      timers.set(path, timer);
    }
    timer.call();
  }

  async function scan(): Promise<void> {
    const uris = await vscode.workspace.findFiles(pattern, ignored, maxFiles);
    const found = new Set(uris.map((uri) => uri.fsPath));
    for (const file of known.values()) {
      if (!found.has(file.uri.fsPath) && openDocument(file.uri) === undefined) checkSoon(file.uri);
    }
    for (const uri of uris) {
      try {
        await check(uri);
      } catch (error) {
        log.warn(`Study file ${uri.fsPath}: ${errorText(error)}`);
      }
    }
    if (watcher === undefined && !scope.disposed) await watch();
  }

  /**
   * chokidar watches the files themselves, so a folder with a million images beside them costs nothing;
   * files that appear are told by the editor's own watcher.
   */
  async function watch(): Promise<void> {
    const { watch } = await import("chokidar");
    if (scope.disposed || watcher !== undefined) return;
    watcher = watch([...known.keys()], { ignoreInitial: true, atomic: 100 });
    watcher.on("all", (_event, path) => checkSoon(vscode.Uri.file(path)));
    watcher.on("error", (error) => log.warn(`Watching study files: ${errorText(error)}`));
  }

  const files = scope.add(vscode.workspace.createFileSystemWatcher(pattern));
  scope.add(files.onDidCreate(checkSoon));
  scope.add(files.onDidChange(checkSoon));
  scope.add(files.onDidDelete(checkSoon));
  scope.add(vscode.workspace.onDidOpenTextDocument((document) => isStudyDocument(document) && checkSoon(document.uri)));
  scope.add(
    vscode.workspace.onDidChangeTextDocument(({ document }) => isStudyDocument(document) && checkSoon(document.uri)),
  );
  scope.add(vscode.workspace.onDidSaveTextDocument((document) => isStudyDocument(document) && checkSoon(document.uri)));
  scope.add(
    vscode.workspace.onDidCloseTextDocument((document) => isStudyDocument(document) && checkSoon(document.uri)),
  );
  scope.add(vscode.workspace.onDidDeleteFiles((event) => event.files.forEach(checkSoon)));
  scope.add(
    vscode.workspace.onDidRenameFiles((event) => {
      for (const { oldUri, newUri } of event.files) {
        checkSoon(oldUri);
        checkSoon(newUri);
      }
    }),
  );
  scope.add(
    vscode.workspace.onDidChangeWorkspaceFolders(
      () => void scan().catch((error: unknown) => log.warn(errorText(error))),
    ),
  );
  scope.defer(() => timers.forEach((timer) => timer.dispose()));
  scope.defer(() => void watcher?.close());

  return {
    all: () => [...known.values()].sort((a, b) => a.uri.fsPath.localeCompare(b.uri.fsPath)),
    get: (uri) => known.get(uri.fsPath),
    check,
    checkDocument: async (document) => keep(await parse(document.uri, document.getText())),
    scan,
    onDidChange: changes.event,
    dispose: () => scope.dispose(),
  };
}
