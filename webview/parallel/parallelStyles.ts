/** Styles of the axis titles of the parallel plot. */
import { css } from "lit";

export const parallelStyles = css`
  .titles {
    position: absolute;
    inset: 0 0 auto;
    height: 0;
  }
  button.axis {
    position: absolute;
    top: 2px;
    transform: translateX(-50%);
    height: 22px;
    padding: 0 4px;
    border: 0;
    border-radius: 4px;
    background: none;
    color: var(--vscode-foreground);
    font: inherit;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    cursor: grab;
    touch-action: none;
  }
  button.axis:active {
    cursor: grabbing;
  }
  button.axis.last {
    font-weight: 600;
    cursor: default;
    transform: translateX(calc(-100% + 62px));
  }
  button.axis.brushed {
    color: var(--vscode-textLink-foreground);
  }
  button.axis:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
`;
