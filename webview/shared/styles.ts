/**
 * Styles every component shares: type, buttons, icons, states. Invariant: colours only from `--vscode-*`, spacing in steps
 * of 4 px, hairlines from the panel border, no shadows.
 */
import { css } from "lit";

export const baseStyles = css`
  :host {
    display: block;
    box-sizing: border-box;
    color: var(--vscode-foreground);
    font-family: var(--vscode-font-family);
    font-size: var(--vscode-font-size, 13px);
    line-height: 1.4;
    min-width: 0;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  .icon {
    width: 16px;
    height: 16px;
    flex: none;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.4;
    stroke-linecap: round;
    stroke-linejoin: round;
    vertical-align: -3px;
  }
  .icon .fill {
    fill: currentColor;
    stroke: none;
  }
  .state-waiting {
    color: var(--vscode-descriptionForeground);
  }
  .state-running {
    color: var(--vscode-charts-blue);
  }
  .state-paused {
    color: var(--vscode-charts-purple);
  }
  .state-complete {
    color: var(--vscode-charts-green);
  }
  .state-pruned {
    color: var(--vscode-editorWarning-foreground);
  }
  .state-failed {
    color: var(--vscode-charts-red);
  }
  @keyframes turn {
    to {
      transform: rotate(360deg);
    }
  }
  .turning {
    animation: turn 1.6s linear infinite;
  }
  button.tool {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    min-width: 24px;
    height: 24px;
    padding: 0 4px;
    border: 1px solid transparent;
    border-radius: 4px;
    background: transparent;
    color: var(--vscode-icon-foreground, var(--vscode-foreground));
    font: inherit;
    cursor: pointer;
    flex: none;
  }
  button.tool:hover:not(:disabled) {
    background: var(--vscode-toolbar-hoverBackground);
    outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
  }
  button.tool:disabled {
    opacity: 0.4;
    cursor: default;
  }
  button.tool[aria-pressed="true"],
  button.tool[aria-expanded="true"] {
    background: var(--vscode-inputOption-activeBackground);
    color: var(--vscode-inputOption-activeForeground, var(--vscode-foreground));
    border-color: var(--vscode-inputOption-activeBorder, transparent);
  }
  button:focus-visible,
  [tabindex]:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  button.link {
    padding: 0;
    border: 0;
    background: none;
    color: var(--vscode-textLink-foreground);
    font: inherit;
    cursor: pointer;
    text-align: start;
  }
  button.link:hover {
    text-decoration: underline;
    color: var(--vscode-textLink-activeForeground);
  }
  .muted {
    color: var(--vscode-descriptionForeground);
  }
  .numeric {
    font-variant-numeric: tabular-nums;
  }
  .clip {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  h2 {
    margin: 0;
    font-size: 1em;
    font-weight: 600;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
`;

/** What an empty, loading or failed area looks like: centred, one sentence, at most one action. */
export const messageStyles = css`
  .message {
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 8px;
    height: 100%;
    padding: 16px;
    text-align: center;
    color: var(--vscode-descriptionForeground);
  }
  .message strong {
    color: var(--vscode-foreground);
    font-weight: 600;
  }
  .message p {
    margin: 0;
    max-width: 52ch;
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
    to {
      opacity: 1;
    }
  }
  /* A skeleton that shows at once flickers on every quick load: it waits 200 ms. */
  .skeleton {
    height: 100%;
    padding: 12px;
    display: flex;
    flex-direction: column;
    gap: 8px;
    /* A delay and no motion, so it holds under reduced motion too. */
    animation: appear 0s linear 200ms both !important;
  }
  .skeleton span {
    flex: none;
    height: 16px;
    border-radius: 4px;
    background: var(--vscode-editorWidget-background, var(--vscode-toolbar-hoverBackground));
    border: 1px solid var(--vscode-panel-border);
  }
  .skeleton span:first-child {
    flex: 1;
    min-height: 32px;
  }
`;
