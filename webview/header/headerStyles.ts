/** Styles of the header: what is dropped at which width. */
import { css } from "lit";

export const headerStyles = css`
  :host {
    container-type: inline-size;
    flex: none;
  }
  header {
    display: flex;
    align-items: center;
    gap: 16px;
    height: 36px;
    padding: 0 8px 0 12px;
    overflow: hidden;
    white-space: nowrap;
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  h1 {
    margin: 0;
    font-size: 1.1em;
    font-weight: 600;
    flex: 0 1 auto;
    min-width: 48px;
  }
  .status,
  .chips,
  .actions {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    flex: none;
  }
  .best {
    flex: none;
  }
  .space {
    flex: 1 1 0;
  }
  .elapsed,
  .eta {
    flex: none;
  }
  .chip {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    height: 22px;
    padding: 0 6px;
    border: 1px solid transparent;
    border-radius: 11px;
    background: none;
    color: var(--vscode-foreground);
    font: inherit;
    cursor: pointer;
  }
  .chip:hover {
    background: var(--vscode-toolbar-hoverBackground);
    border-color: var(--vscode-contrastActiveBorder, transparent);
  }
  .chip[aria-pressed="true"] {
    background: var(--vscode-inputOption-activeBackground);
    color: var(--vscode-inputOption-activeForeground, var(--vscode-foreground));
    border-color: var(--vscode-inputOption-activeBorder, var(--vscode-focusBorder));
  }
  @container (max-width: 1040px) {
    .chip .word {
      display: none;
    }
  }
  @container (max-width: 780px) {
    header {
      gap: 12px;
    }
    .eta {
      display: none;
    }
  }
  @container (max-width: 640px) {
    .status .word,
    .elapsed {
      display: none;
    }
  }
  @container (max-width: 560px) {
    .best .trial,
    .chips {
      display: none;
    }
    header {
      gap: 8px;
    }
  }
  @container (max-width: 360px) {
    .best .word {
      display: none;
    }
  }
`;
