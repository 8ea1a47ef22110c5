/** Layout of the schedule view: headline, chart beside decisions, below each other when narrow. */
import { css } from "lit";

export const scheduleStyles = css`
  :host {
    container-type: size;
  }
  .page {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .grid {
    display: flex;
    flex: 1;
    min-height: 0;
  }
  .picture {
    flex: 1;
    min-width: 0;
    display: flex;
    flex-direction: column;
  }
  .picture > :last-child {
    flex: 1;
    min-height: 0;
  }
  vscode-dropdown {
    width: 136px;
    min-width: 88px;
  }
  .controls {
    display: inline-flex;
    flex: none;
    align-items: center;
    gap: 8px;
    min-width: 0;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0 12px;
    margin: 0;
    padding: 0 12px;
    list-style: none;
    color: var(--vscode-descriptionForeground);
  }
  .legend li {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    white-space: nowrap;
  }
  .saved {
    flex: 1 1 0;
    min-width: 0;
  }
  basin-decisions {
    flex: none;
    width: clamp(240px, 34%, 460px);
    border-inline-start: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  .alone > * {
    flex: 1;
  }
  .alone basin-decisions {
    width: auto;
    border: 0;
  }
  @container (max-width: 620px) {
    .grid {
      flex-direction: column;
      overflow-y: auto;
    }
    .picture {
      flex: none;
      height: max(200px, 100cqh - 64px);
    }
    basin-decisions {
      width: auto;
      border-inline-start: 0;
      border-block-start: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
    }
    .chart-head {
      flex-wrap: wrap;
      row-gap: 0;
    }
    .chart-head h2 {
      display: none;
    }
    /* A line of its own, so that what was saved can be read. */
    .saved {
      flex: 1 0 100%;
      line-height: 24px;
    }
    .controls {
      flex: 1;
      justify-content: flex-end;
    }
  }
`;
