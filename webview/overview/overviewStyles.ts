/** Layout of the overview: chart beside running slots and log, below each other when narrow. */
import { css } from "lit";

export const overviewStyles = css`
  :host {
    container-type: size;
  }
  .grid {
    display: flex;
    height: 100%;
  }
  .history {
    flex: 1;
    min-width: 0;
    display: flex;
    flex-direction: column;
  }
  .history > :last-child {
    flex: 1;
    min-height: 0;
  }
  .history .message {
    height: auto;
  }
  aside {
    flex: none;
    width: clamp(240px, 34%, 460px);
    display: flex;
    flex-direction: column;
    border-inline-start: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
    min-height: 0;
  }
  aside h2 {
    padding: 0 12px;
    line-height: 32px;
  }
  .budget {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-width: 0;
    margin-inline-start: 8px;
  }
  .bar {
    display: flex;
    flex: none;
    width: 72px;
    min-width: 24px;
    height: 6px;
    border-radius: 3px;
    overflow: hidden;
    background: var(--vscode-editorWidget-background, var(--vscode-toolbar-hoverBackground));
    outline: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  .part {
    flex: none;
    height: 100%;
  }
  .part.complete {
    background: var(--vscode-charts-green);
  }
  .part.pruned {
    background: var(--vscode-editorWarning-foreground);
  }
  .part.failed {
    background: var(--vscode-charts-red);
  }
  .part.running {
    background: var(--vscode-charts-blue);
  }
  .slots {
    flex: none;
    max-height: 50%;
    overflow-y: auto;
    padding-bottom: 8px;
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  .slots ul {
    list-style: none;
    margin: 0;
    padding: 0 12px;
  }
  .slots li {
    display: flex;
    align-items: center;
    gap: 8px;
    height: 24px;
    white-space: nowrap;
  }
  .lane {
    width: 16px;
    text-align: end;
    flex: none;
  }
  .slots .bar {
    flex: 0 1 72px;
  }
  .doing {
    flex: 0 1 auto;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .place {
    flex: 1;
    min-width: 0;
  }
  .log {
    flex: 1;
    min-height: 0;
    display: flex;
    flex-direction: column;
  }
  .log ol {
    flex: 1;
    min-height: 0;
    overflow-y: auto;
    list-style: none;
    margin: 0;
    padding: 0 12px 8px;
  }
  .log li {
    display: flex;
    gap: 8px;
    padding: 2px 0;
  }
  .log time {
    flex: none;
  }
  .log .text {
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .source {
    margin-inline-end: 4px;
  }
  .none {
    margin: 0;
    padding: 0 12px;
  }
  @container (max-width: 620px) {
    .grid {
      flex-direction: column;
      overflow-y: auto;
    }
    .history {
      flex: none;
      height: max(184px, 100cqh);
    }
    aside {
      width: auto;
      border-inline-start: 0;
      border-block-start: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
      flex: none;
    }
    .slots,
    .log ol {
      max-height: none;
      overflow: visible;
    }
    .budget .muted {
      display: none;
    }
  }
`;
