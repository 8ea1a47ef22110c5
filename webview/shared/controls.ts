/**
 * The form controls of the panel. Invariant: the only file that imports the toolkit (it is no longer developed), so that
 * a successor is one file's work: everything else writes `<vscode-…>` tags and listens for DOM events.
 */
// First: the toolkit looks for the nonce while it loads.
import "./pageNonce.ts";
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";

/** Registers the custom elements; called once per page. */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeTextField(),
  );
}

/** The value of a text field, dropdown or native input that fired an event. */
export function valueOf(event: Event): string {
  const { currentTarget } = event;
  return currentTarget !== null && "value" in currentTarget ? String(currentTarget.value) : "";
}

export function checkedOf(event: Event): boolean {
  const { currentTarget } = event;
  return currentTarget !== null && "checked" in currentTarget && currentTarget.checked === true;
}
