/** A view of several charts: a line that says what it shows, then panes beside each other, or below each other when narrow. */
import { css } from "lit";

export const paneStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    container-type: size;
  }
  .all {
    flex: 1;
    min-height: 0;
    display: flex;
    flex-direction: column;
  }
  .lead {
    flex: none;
    display: flex;
    align-items: center;
    gap: 12px;
    min-height: 32px;
    padding: 0 8px 0 12px;
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  .lead p {
    margin: 0;
    min-width: 0;
    flex: 1 1 auto;
  }
  .lead vscode-dropdown {
    flex: 0 0 auto;
    max-width: 220px;
    min-width: 88px;
  }
  .lead a,
  .lead button.link {
    white-space: nowrap;
  }
  .panes {
    flex: 1;
    min-height: 0;
    display: flex;
  }
  .pane {
    flex: 1 1 0;
    min-width: 0;
    min-height: 0;
    display: flex;
    flex-direction: column;
  }
  .pane + .pane {
    border-inline-start: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  .pane > .chart {
    flex: 1;
    min-height: 0;
  }
  /* What belongs to a whole chart and must not be cut off. */
  .pane > .note {
    flex: none;
    margin: 0;
    padding: 0 12px 4px;
    color: var(--vscode-descriptionForeground);
  }
  .pane .message {
    flex: 1;
    min-height: 0;
    height: auto;
  }
  /* In a head that is too narrow notes go first, then words of the title, then of the choice; never the menu. */
  .pane .chart-head .clip {
    flex-shrink: 10000;
  }
  .pane .chart-head h2 {
    flex: 0 2 auto;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .pane vscode-dropdown {
    flex: 0 1 auto;
    min-width: 96px;
    max-width: 200px;
  }
  .pane vscode-dropdown.narrow {
    flex: none;
    width: 84px;
    min-width: 84px;
  }
  .flags {
    flex: none;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
    padding: 4px 12px;
    border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  progress {
    flex: 0 1 96px;
    min-width: 32px;
    height: 6px;
    accent-color: var(--vscode-charts-blue);
  }
  @container (max-width: 760px) {
    .all {
      overflow-y: auto;
    }
    .lead {
      flex-wrap: wrap;
      gap: 4px 8px;
      padding-block: 4px;
    }
    .lead p {
      flex-basis: 100%;
    }
    .panes {
      flex: 1 0 auto;
      flex-direction: column;
    }
    .pane {
      flex: none;
      height: max(300px, 92cqh);
    }
    .pane:only-child {
      flex: 1 0 auto;
      height: auto;
      min-height: 220px;
    }
    .pane + .pane {
      border-inline-start: 0;
      border-block-start: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
    }
  }
`;
