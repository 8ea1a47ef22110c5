/** What the heads of all charts share: title, controls, menu in one line that does not grow. */
import { css } from "lit";
import { baseStyles, messageStyles } from "./styles.ts";

const headStyles = css`
  .chart-head {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 32px;
    padding: 0 8px 0 12px;
    flex: none;
    overflow: hidden;
    white-space: nowrap;
  }
  .chart-head .space {
    flex: 1;
  }
  .chart-head h2,
  .chart-head basin-menu {
    flex: none;
  }
  .toggle {
    display: inline-flex;
    flex: none;
    gap: 2px;
  }
  .toggle button.tool {
    padding: 0 8px;
  }
`;

/** Every view. */
export const viewStyles = [baseStyles, messageStyles, headStyles];

const frameStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  :host > :last-child,
  .message {
    flex: 1;
    min-height: 0;
  }
  basin-parallel-chart,
  basin-curves-chart {
    flex: 1;
    min-height: 0;
  }
`;

/** A view that is one chart under its head. */
export const viewFrameStyles = [...viewStyles, frameStyles];
