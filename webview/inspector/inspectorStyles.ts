/** Styles of the inspector. */
import { css } from "lit";

export const inspectorStyles = css`
  .frame {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: 4px;
    min-height: 29px;
    padding: 0 4px 0 12px;
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
    flex: none;
  }
  .bar h2 {
    flex: 1;
    min-width: 0;
  }
  .content {
    flex: 1;
    min-height: 0;
    overflow: auto;
    padding-bottom: 12px;
  }
  .content > p,
  section {
    padding: 0 12px;
    margin: 8px 0 0;
  }
  h3 {
    margin: 8px 0 4px;
    font-size: 1em;
    font-weight: 600;
  }
  .hint {
    font-weight: 400;
    font-size: 0.92em;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    padding: 8px 12px 0;
  }
  .reason {
    overflow-wrap: anywhere;
  }
  .pair {
    display: grid;
    grid-template-columns: minmax(40px, 1fr) auto minmax(48px, auto);
    align-items: center;
    gap: 8px;
    min-height: 24px;
  }
  .value {
    text-align: end;
  }
  .parameter {
    display: grid;
    grid-template-columns: minmax(64px, 1fr) auto;
    column-gap: 8px;
    padding: 2px 0;
  }
  .strip {
    grid-column: 1 / -1;
    width: 100%;
    height: 16px;
  }
  .strip .good {
    fill: var(--vscode-charts-blue);
    opacity: 0.55;
  }
  .strip .range,
  .strip .here {
    fill: none;
    vector-effect: non-scaling-stroke;
  }
  .strip .range {
    stroke: var(--vscode-descriptionForeground);
    stroke-width: 1;
  }
  .strip .here {
    stroke: var(--vscode-foreground);
    stroke-width: 2.5;
  }
  .strip .flat {
    stroke-width: 4;
  }
  .spark {
    width: 96px;
    height: 18px;
  }
  .spark path {
    fill: none;
    stroke: var(--vscode-charts-blue);
    stroke-width: 1.4;
  }
  dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 4px 12px;
    margin: 0;
  }
  dt {
    color: var(--vscode-descriptionForeground);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  pre {
    margin: 0;
    padding: 8px;
    max-height: 240px;
    overflow: auto;
    font-family: var(--vscode-editor-font-family, monospace);
    font-size: 0.92em;
    border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
    background: var(--vscode-textCodeBlock-background, transparent);
  }
  .content > .skeleton {
    height: 96px;
  }
  .wide {
    overflow-x: auto;
    padding: 8px 12px 0;
  }
  table {
    border-collapse: collapse;
    min-width: 100%;
  }
  th,
  td {
    padding: 2px 8px;
    height: 24px;
    text-align: end;
    white-space: nowrap;
    font-weight: 400;
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  th[scope="row"],
  th[scope="rowgroup"] {
    position: sticky;
    left: 0;
    max-width: 136px;
    padding-left: 0;
    text-align: start;
    color: var(--vscode-descriptionForeground);
    background: var(--vscode-editor-background);
  }
  td.top {
    font-weight: 600;
  }
  .same td {
    text-align: start;
  }
`;
