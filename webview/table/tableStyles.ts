/** Styles of the trial table. Row height is fixed: the virtualiser counts on it. */
import { css } from "lit";

export const rowHeight = 24;
export const headHeight = 28;

export const tableStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    overflow: hidden;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 4px 8px 4px 12px;
    flex: none;
  }
  .bar vscode-text-field {
    flex: 1 1 160px;
    min-width: 0;
    max-width: 640px;
  }
  .bar .count {
    flex: none;
    margin-inline-start: auto;
    white-space: nowrap;
  }
  .bar .icons {
    flex: none;
    display: inline-flex;
  }
  .problem {
    flex: none;
    padding: 0 12px 4px;
    color: var(--vscode-inputValidation-errorForeground, var(--vscode-errorForeground));
    color: var(--vscode-errorForeground);
  }
  .problem code {
    font-family: var(--vscode-editor-font-family, monospace);
    text-decoration: underline wavy var(--vscode-errorForeground);
    text-underline-offset: 3px;
  }
  .scroller {
    flex: 1;
    min-height: 0;
    overflow: auto;
    position: relative;
    outline-offset: -1px;
    contain: strict;
    border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  .scroller:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
  }
  .sheet {
    position: relative;
    min-width: 100%;
    width: max-content;
  }
  .head,
  .row {
    display: grid;
    grid-template-columns: var(--columns);
    width: 100%;
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 3;
    height: ${headHeight}px;
    background: var(--vscode-editor-background);
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  .head button {
    display: flex;
    align-items: center;
    gap: 4px;
    width: 100%;
    height: 100%;
    padding: 0 10px;
    border: 0;
    background: none;
    color: var(--vscode-descriptionForeground);
    font: inherit;
    cursor: pointer;
    overflow: hidden;
  }
  .head button:hover {
    color: var(--vscode-foreground);
  }
  .head .sorted button {
    color: var(--vscode-foreground);
  }
  .head .right button {
    justify-content: flex-end;
  }
  .arrow {
    flex: none;
    font-size: 0.8em;
  }
  .row {
    position: absolute;
    inset-inline: 0;
    top: 0;
    height: ${rowHeight}px;
    line-height: ${rowHeight}px;
    cursor: default;
    contain: layout style;
  }
  .cell {
    padding: 0 10px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  .cell.right {
    text-align: end;
  }
  .cell.key,
  .head > .key {
    position: sticky;
    inset-inline-start: 0;
    background: var(--vscode-editor-background);
    z-index: 1;
  }
  .cell.state {
    display: flex;
    align-items: center;
    gap: 6px;
  }
  .row:hover .cell,
  .row.hovered .cell {
    background: var(--vscode-list-hoverBackground);
  }
  .row:hover .cell.key,
  .row.hovered .cell.key {
    background:
      linear-gradient(var(--vscode-list-hoverBackground), var(--vscode-list-hoverBackground)),
      var(--vscode-editor-background);
  }
  .row[aria-selected="true"] .cell {
    background: var(--vscode-list-inactiveSelectionBackground);
    color: var(--vscode-list-inactiveSelectionForeground, var(--vscode-foreground));
  }
  .scroller:focus .row[aria-selected="true"] .cell {
    background: var(--vscode-list-activeSelectionBackground);
    color: var(--vscode-list-activeSelectionForeground);
  }
  .scroller:focus .row[aria-selected="true"] .cell .icon {
    color: inherit;
  }
  .scroller:focus .row.active {
    outline: 1px solid var(--vscode-list-focusOutline, var(--vscode-focusBorder));
    outline-offset: -1px;
    z-index: 2;
  }
  :host-context(.vscode-high-contrast) .row[aria-selected="true"],
  :host-context(.vscode-high-contrast-light) .row[aria-selected="true"] {
    outline: 1px dashed var(--vscode-contrastActiveBorder);
    outline-offset: -1px;
  }
  .best .cell.objective {
    font-weight: 600;
  }
  .empty {
    position: absolute;
    inset: ${headHeight}px 0 0;
  }
`;
