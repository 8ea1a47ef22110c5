/** Layout of the panel's frame: what grows, what keeps its size, where the inspector goes when there is no room beside. */
import { css } from "lit";

export const panelStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    background: var(--vscode-editor-background);
    position: relative;
    overflow: hidden;
  }
  .all {
    flex: 1;
    min-height: 0;
  }
  .body {
    display: flex;
    flex: 1;
    min-height: 0;
  }
  .work {
    display: flex;
    flex-direction: column;
    flex: 1;
    min-width: 0;
    min-height: 0;
  }
  .view {
    min-height: 0;
    overflow: hidden;
  }
  .view > * {
    height: 100%;
  }
  basin-table {
    min-height: 0;
  }
  basin-inspector {
    flex: none;
    width: clamp(248px, 24%, 400px);
    border-inline-start: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
    overflow: hidden;
  }
  .body.narrow {
    flex-direction: column;
  }
  .body.narrow basin-inspector {
    width: auto;
    height: 32%;
    border-inline-start: 0;
    border-block-start: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  .banner {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 4px 12px;
    background: var(--vscode-inputValidation-warningBackground, var(--vscode-editorWidget-background));
    border-block: 1px solid var(--vscode-inputValidation-warningBorder, var(--vscode-panel-border));
    color: var(--vscode-inputValidation-warningForeground, var(--vscode-foreground));
  }
  .banner > span {
    flex: 1;
    min-width: 0;
  }
  .banner > button {
    flex: none;
  }
  .notices {
    position: absolute;
    inset: auto 12px 12px 12px;
    display: flex;
    justify-content: center;
    pointer-events: none;
  }
  .notice {
    display: flex;
    align-items: center;
    gap: 8px;
    max-width: 100%;
    padding: 4px 4px 4px 12px;
    pointer-events: auto;
    border: 1px solid var(--vscode-notifications-border, var(--vscode-panel-border));
    border-radius: 4px;
    background: var(--vscode-notifications-background, var(--vscode-editorWidget-background));
    color: var(--vscode-notifications-foreground, var(--vscode-foreground));
  }
  .notice.error {
    border-color: var(--vscode-inputValidation-errorBorder, var(--vscode-errorForeground));
  }
`;
