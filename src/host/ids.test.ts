/** package.json and ids.ts say the same: commands, settings, context keys, views, titles. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { commands, contextKeys, internalCommands, panelType, settings, views } from "./ids.ts";

const root = path.resolve(import.meta.dirname, "../..");
const readJson = (name: string): unknown => JSON.parse(readFileSync(path.join(root, name), "utf8"));

const menuItem = z.object({ command: z.string(), when: z.string().optional(), group: z.string().optional() });
const manifest = z
  .object({
    main: z.string(),
    icon: z.string(),
    activationEvents: z.array(z.string()),
    contributes: z.object({
      commands: z.array(
        z.object({ command: z.string(), title: z.string(), category: z.string(), enablement: z.string().optional() }),
      ),
      menus: z.record(z.string(), z.array(menuItem)),
      configuration: z.object({
        properties: z.record(
          z.string(),
          z.object({
            scope: z.string(),
            default: z.unknown(),
            description: z.string().optional(),
            markdownDescription: z.string().optional(),
          }),
        ),
      }),
      views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
      viewsContainers: z.object({ activitybar: z.array(z.object({ id: z.string(), icon: z.string() })) }),
      viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string(), when: z.string() })),
      walkthroughs: z.array(
        z.object({
          steps: z.array(
            z.object({ media: z.object({ markdown: z.string() }), completionEvents: z.array(z.string()) }),
          ),
        }),
      ),
    }),
    capabilities: z.object({
      untrustedWorkspaces: z.object({ supported: z.string() }),
      virtualWorkspaces: z.object({ supported: z.boolean() }),
    }),
  })
  .parse(readJson("package.json"));
const strings = z.record(z.string(), z.string()).parse(readJson("package.nls.json"));
const { contributes } = manifest;
const menuEntries = Object.values(contributes.menus).flat();

describe("the manifest and the map of ids", () => {
  test("name the same commands", () => {
    expect(contributes.commands.map((command) => command.command).toSorted()).toEqual(
      Object.values(commands).toSorted(),
    );
  });

  test("name the same settings, each with scope, default and description", () => {
    const { properties } = contributes.configuration;
    expect(Object.keys(properties).toSorted()).toEqual(Object.values(settings).toSorted());
    for (const [name, property] of Object.entries(properties)) {
      expect(property.default, name).not.toBeUndefined();
      expect(property.description ?? property.markdownDescription, name).toBeTruthy();
    }
  });

  test("name the same context keys: every one is used in a condition, and none is used that nobody sets", () => {
    const conditions = [
      ...menuEntries.map((entry) => entry.when ?? ""),
      ...contributes.commands.map((command) => command.enablement ?? ""),
      ...contributes.viewsWelcome.map((welcome) => welcome.when),
      ...contributes.walkthroughs
        .flatMap((walkthrough) => walkthrough.steps.flatMap((step) => step.completionEvents))
        .filter((event) => event.startsWith("onContext:")),
    ].join(" ; ");
    const used = new Set(
      [...conditions.matchAll(/\bbasin\.[A-Za-z]+(?:\.[A-Za-z]+)*/g)]
        .map((match) => match[0])
        .filter((key) => key !== views.trials),
    );
    expect([...used].toSorted()).toEqual(Object.values(contextKeys).toSorted());
  });

  test("name the same view, container and panel", () => {
    expect(contributes.viewsContainers.activitybar.map((container) => container.id)).toEqual([views.container]);
    expect(contributes.views[views.container]?.map((view) => view.id)).toEqual([views.trials]);
    expect(manifest.activationEvents).toContain(`onWebviewPanel:${panelType}`);
    expect(manifest.activationEvents).not.toContain("*");
  });

  test("menus and walkthroughs name known commands only", () => {
    const known = new Set<string>(Object.values(commands));
    for (const entry of menuEntries) expect(known, entry.command).toContain(entry.command);
    for (const step of contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps)) {
      expect(() => readFileSync(path.join(root, step.media.markdown))).not.toThrow();
      for (const event of step.completionEvents)
        if (event.startsWith("onCommand:")) expect(known).toContain(event.slice("onCommand:".length));
    }
  });

  test("commands of tree items only are hidden from the palette", () => {
    const hidden = (contributes.menus["commandPalette"] ?? [])
      .filter((entry) => entry.when === "false")
      .map((entry) => entry.command);
    expect(hidden.toSorted()).toEqual(internalCommands.map((name) => commands[name]).toSorted());
  });

  test("at most three inline actions on an item", () => {
    const inline = (contributes.menus["view/item/context"] ?? []).filter((entry) => entry.group?.startsWith("inline"));
    for (const item of [
      "studyFile",
      "study.running",
      "study.paused",
      "study.stopped",
      "study.complete",
      "study.failed",
      "trial.running",
      "trial.complete",
    ]) {
      const shown = inline.filter((entry) => {
        const pattern = /viewItem =~ \/(.*)\//.exec(entry.when ?? "")?.[1];
        return pattern !== undefined && new RegExp(pattern).test(item);
      });
      expect(shown.length, item).toBeLessThanOrEqual(3);
    }
  });

  test("every string of the manifest is in package.nls.json, and every one there is used", () => {
    const text = readFileSync(path.join(root, "package.json"), "utf8");
    const used = new Set([...text.matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] ?? ""));
    expect([...used].toSorted()).toEqual(Object.keys(strings).toSorted());
  });

  test("titles are in title case", () => {
    for (const command of contributes.commands) {
      const title = strings[command.title.slice(1, -1)] ?? "";
      for (const word of title.replace("...", "").split(" ")) expect(word, title).toMatch(/^[A-Z]/);
    }
  });

  test("links of texts lead to known commands", () => {
    const known = new Set<string>([
      ...Object.values(commands),
      "workbench.action.files.openFolder",
      "workbench.trust.manage",
      "workbench.action.openWalkthrough",
    ]);
    for (const text of Object.values(strings))
      for (const [, command = ""] of text.matchAll(/\(command:([\w.]+)/g)) expect(known).toContain(command);
  });

  test("limited in untrusted workspaces, off in virtual ones", () => {
    expect(manifest.capabilities).toMatchObject({
      untrustedWorkspaces: { supported: "limited" },
      virtualWorkspaces: { supported: false },
    });
    expect(() => readFileSync(path.join(root, manifest.icon))).not.toThrow();
  });
});
