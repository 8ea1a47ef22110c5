import { describe, expect, it } from "vitest";
import type { PanelToHost } from "../../src/protocol/panel.ts";
import { PanelStore } from "../shared/store.ts";
import { PanelController } from "./controller.ts";

describe("a view that a command asks for", () => {
  it("comes to the front, and Topology on its pairs", () => {
    const sent: PanelToHost[] = [];
    const store = new PanelStore();
    const controller = new PanelController(store, {
      postMessage: (message) => void sent.push(message),
      getState: () => undefined,
      setState: () => undefined,
    });
    controller.start();
    controller.receive({ type: "init", studyId: 1, state: null });
    store.update({ topology: { ...store.state.topology, section: "drift" } });
    controller.receive({ type: "view", view: "topology" });
    expect(store.state.view).toBe("topology");
    expect(store.state.topology.section).toBe("pairs");
    store.update({ flatness: { ...store.state.flatness, section: "plane" } });
    controller.receive({ type: "view", view: "flatness" });
    expect(store.state.view).toBe("flatness");
    expect(store.state.flatness.section).toBe("sharpness");
    expect(sent.some((message) => message.type === "request" && message.method === "study")).toBe(true);
  });
});
