/**
 * Entry of the study panel's webview: one `<basin-panel>` filling the page, wired to the host.
 * Invariant: the page needs nothing but this script and its style sheet; all text reaches the DOM through Lit templates.
 */
import type { HostToPanel } from "../../src/protocol/panel.ts";
import { registerControls } from "../shared/controls.ts";
import { PanelStore } from "../shared/store.ts";
import "./panel.css";
import { BasinPanel } from "./basinPanel.ts";
import { PanelController } from "./controller.ts";

registerControls();
const controller = new PanelController(new PanelStore(), acquireVsCodeApi());
const existing = document.querySelector("basin-panel");
const panel = existing instanceof BasinPanel ? existing : new BasinPanel();
panel.controller = controller;
if (!panel.isConnected) document.body.append(panel);
window.addEventListener("message", (event: MessageEvent<HostToPanel>) => {
  if (typeof event.data === "object" && event.data !== null && "type" in event.data) controller.receive(event.data);
});
controller.start();
