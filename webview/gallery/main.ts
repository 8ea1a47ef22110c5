/**
 * Page of the gallery that holds one panel: theme and fake host from the address, for example
 * frame.html?study=10000&theme=light&view=parallel&state=running&live=500&loss=1&scheduler=asha&online=1&failing=1&disconnected=1&delay=2000
 * and, for topology and flatness, diagnostics=none|little, computed=1, sharpness=1, fghpo=1
 */
import { panelViews, type PanelState, type PanelView } from "../../src/protocol/panel.ts";
import type { StudyStateName } from "../../src/protocol/engine.ts";
import { installFakeHost } from "./fakeHost.ts";
import { generatedSchedulers, type GeneratedScheduler } from "./schedules.ts";
import { applyTheme, galleryThemes, type GalleryTheme } from "./themes.ts";

const query = new URLSearchParams(location.search);
const themeName = query.get("theme") ?? "dark";
applyTheme(themeName in galleryThemes ? (themeName as GalleryTheme) : "dark");

const view = query.get("view") ?? "overview";
const saved = query.get("saved");
const scheduler = query.get("scheduler") ?? "";
const state: Partial<PanelState> = {
  ...(panelViews.includes(view as PanelView) ? { view: view as PanelView } : {}),
  ...(saved === null ? {} : (JSON.parse(saved) as Partial<PanelState>)),
};
installFakeHost({
  count: Number(query.get("study") ?? 100),
  state: (query.get("state") ?? "running") as StudyStateName,
  loss: query.get("loss") === "1",
  ...((generatedSchedulers as readonly string[]).includes(scheduler)
    ? { scheduler: scheduler as GeneratedScheduler }
    : {}),
  online: query.get("online") === "1",
  liveMs: Number(query.get("live") ?? 0),
  failing: query.get("failing") === "1",
  disconnected: query.get("disconnected") === "1",
  delayMs: Number(query.get("delay") ?? 0),
  state0: state,
  diagnostics: (query.get("diagnostics") ?? "all") as "all" | "none" | "little",
  computed: query.get("computed") === "1",
  sharpness: query.get("sharpness") === "1",
  fghpo: query.get("fghpo") === "1",
});
window.addEventListener("message", (event: MessageEvent<unknown>) => {
  const { data } = event;
  if (typeof data === "object" && data !== null && "galleryTheme" in data)
    applyTheme(data.galleryTheme as GalleryTheme);
});
