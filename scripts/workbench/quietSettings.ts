/**
 * User settings of a workbench that asks nothing, fetches nothing and draws the same picture twice.
 * Used for tests and screenshots; `npm run workbench` starts from the same, and its user may change them.
 */
export type Settings = Readonly<Record<string, string | number | boolean | Readonly<Record<string, unknown>>>>;

const nothingFetched: Settings = {
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "update.showReleaseNotes": false,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "workbench.enableExperiments": false,
  "workbench.settings.enableNaturalLanguageSearch": false,
  "npm.fetchOnlinePackageInfo": false,
  "json.schemaDownload.enable": false,
  "typescript.disableAutomaticTypeAcquisition": true,
  "github.gitAuthentication": false,
};

const nothingAsked: Settings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "window.confirmBeforeClose": "never",
  "typescript.surveys.enabled": false,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "git.enabled": false,
  "remote.autoForwardPorts": false,
  "task.autoDetect": "off",
};

const samePicture: Settings = {
  "workbench.colorTheme": "Dark Modern",
  "window.autoDetectColorScheme": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.editor.enablePreview": false,
  "workbench.tree.renderIndentGuides": "none",
  "window.commandCenter": false,
  "window.menuBarVisibility": "compact",
  "editor.cursorBlinking": "solid",
  "editor.minimap.enabled": false,
  "editor.accessibilitySupport": "off",
  "editor.occurrencesHighlight": "off",
  "editor.selectionHighlight": false,
  "editor.hideCursorInOverviewRuler": true,
  "editor.overviewRulerBorder": false,
  "files.autoSave": "off",
  "files.hotExit": "off",
  "terminal.integrated.enablePersistentSessions": false,
};

export const quietSettings: Settings = { ...nothingFetched, ...nothingAsked, ...samePicture };
