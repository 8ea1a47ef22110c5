/**
 * Opens the workbench in Chromium and drives it as a person does: palette, quick open, toasts, webviews.
 * Invariant: every helper waits for what it caused; none sleeps for a fixed time and hopes.
 */
import { type Browser, type Frame, type Locator, type Page, chromium } from "playwright-core";
import { findChromium } from "./locations.ts";

export interface BrowserOptions {
  readonly width?: number;
  readonly height?: number;
  /** Device pixels per CSS pixel; 2 for screenshots that are shown large. */
  readonly scale?: number;
  /** Show the browser to a person at the machine. */
  readonly visible?: boolean;
}

export interface OpenedBrowser {
  readonly browser: Browser;
  readonly page: Page;
}

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--font-render-hinting=none",
  "--force-color-profile=srgb",
  "--disable-features=Translate,MediaRouter",
];

/** Starts Chromium with one page. @throws Error when no Chromium is installed. */
export async function openBrowser(options: BrowserOptions = {}): Promise<OpenedBrowser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("No Chromium was found: run `npm run workbench:setup`.");
  const browser = await chromium.launch({ executablePath, headless: options.visible !== true, args: flags });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1400, height: options.height ?? 900 },
    deviceScaleFactor: options.scale ?? 1,
    reducedMotion: "reduce",
    // Webviews are served from addresses of their own on the same machine.
    permissions: ["clipboard-read", "clipboard-write", "local-network-access"],
    serviceWorkers: "allow",
  });
  return { browser, page: await context.newPage() };
}

export interface WorkbenchAddress {
  readonly folder?: string;
  /** Development options of VS Code's web workbench; only taken with the smoke test driver. */
  readonly payload?: readonly (readonly [string, string])[];
}

/** The address of a workbench window. 127.0.0.1 and not a name: service workers need a secure context. */
export function workbenchUrl(port: number, address: WorkbenchAddress = {}): string {
  const query = new URLSearchParams();
  if (address.folder !== undefined) query.set("folder", address.folder);
  if (address.payload !== undefined) query.set("payload", JSON.stringify(address.payload));
  return `http://127.0.0.1:${port}/?${query.toString()}`;
}

/** How the workbench names a file on the server's disk; `file://` would mean the browser's. */
export function remoteUri(port: number, file: string): string {
  return `vscode-remote://127.0.0.1:${port}${file}`;
}

/** Waits until the workbench is drawn. Extensions may still be starting: wait for something they draw. */
export async function waitForWorkbench(page: Page): Promise<void> {
  await page.waitForSelector(".monaco-workbench .activitybar .action-item", { timeout: 90_000 });
  await page.waitForSelector(".monaco-workbench .part.statusbar .statusbar-item", { timeout: 90_000 });
}

/** The visible quick input: palette, quick open, pick. */
export function quickInput(page: Page): Locator {
  return page.locator(".quick-input-widget:visible");
}

/** Runs a command from the palette by its whole title, "Basin: Start HPO Study". */
export async function runCommand(page: Page, title: string): Promise<void> {
  const row = quickInput(page)
    .locator(`.monaco-list-row[aria-label="${title}"], .monaco-list-row[aria-label^="${title},"]`)
    .first();
  for (let openings = 1; ; openings++) {
    const input = await summonInput(page, "F1");
    await input.fill(`>${title}`);
    try {
      await row.waitFor({ timeout: 5000 });
      break;
    } catch (error) {
      if (openings === 6) throw error;
      // Opened before the extension was known, the list stays without its commands.
      await page.keyboard.press("Escape");
      await input.waitFor({ state: "hidden" });
    }
  }
  await row.click();
}

/** Opens the quick input by its key. A key pressed while focus moves gets lost; like a person, we press it again then. */
async function summonInput(page: Page, key: "F1" | "Control+P"): Promise<Locator> {
  const input = quickInput(page).locator("input[type=text]");
  for (let presses = 1; ; presses++) {
    await page.keyboard.press(key);
    try {
      await input.waitFor({ timeout: 5000 });
      return input;
    } catch (error) {
      if (presses === 6) throw error;
    }
  }
}

/** Titles that the palette offers for what has been typed. */
export async function paletteTitles(page: Page, typed: string): Promise<string[]> {
  const input = await summonInput(page, "F1");
  await input.fill(`>${typed}`);
  const rows = quickInput(page).locator(".monaco-list-row");
  await rows.first().waitFor();
  const titles = await rows.locator(".label-name").allTextContents();
  await page.keyboard.press("Escape");
  await quickInput(page).waitFor({ state: "hidden" });
  return titles;
}

/**
 * Reloads the window as its user does, which lets VS Code write down where everything was; `page.reload()` is a crash.
 */
export async function reloadWindow(page: Page): Promise<void> {
  const loaded = page.waitForEvent("load");
  await runCommand(page, "Developer: Reload Window");
  await loaded;
  await waitForWorkbench(page);
}

/** Opens a file of the workspace with quick open. `name` is unique in it, or its end of a path is. */
export async function openFile(page: Page, name: string): Promise<void> {
  const base = name.split("/").at(-1) ?? name;
  const input = await summonInput(page, "Control+P");
  await input.fill(name);
  await quickInput(page).locator(".monaco-list-row").filter({ hasText: base }).first().click();
  await page.locator(`.tabs-container .tab.active[data-resource-name="${base}"]`).waitFor();
  // The tab is there before the text is; extensions learn of the active editor only with the text.
  await page.locator(`.editor-instance .monaco-editor[data-uri$="/${base}"] .view-line`).first().waitFor();
}

/** Chooses an entry of a quick pick that some command opened. */
export async function pick(page: Page, text: string): Promise<void> {
  await quickInput(page).locator(".monaco-list-row").filter({ hasText: text }).first().click();
}

/** Shows a view container by the title in the activity bar. */
export async function openViewContainer(page: Page, title: string): Promise<void> {
  const item = page.locator(`.activitybar .action-item:has(a[aria-label^="${title}"])`);
  await item.waitFor();
  if ((await item.getAttribute("class"))?.includes("checked") !== true) await item.locator("a").click();
  await page.locator(".sidebar .composite.title h2", { hasText: new RegExp(title, "iu") }).waitFor();
}

/** Lenses of the editor that is shown, by what they say. */
export function lens(page: Page, title: string): Locator {
  return page.locator(".editor-instance .codelens-decoration a", { hasText: title });
}

export function statusItem(page: Page, text: string): Locator {
  return page.locator(".statusbar .statusbar-item", { hasText: text });
}

/** Built-in themes as the theme picker calls them, and the mark the workbench then carries. */
export const themes = {
  dark: { label: "Dark Modern", mark: "vs-dark" },
  light: { label: "Light Modern", mark: "vs" },
  highContrast: { label: "Dark High Contrast", mark: "hc-black" },
  highContrastLight: { label: "Light High Contrast", mark: "hc-light" },
} as const;

/** Changes the colour theme of the running workbench. */
export async function chooseTheme(page: Page, name: keyof typeof themes): Promise<void> {
  const { label, mark } = themes[name];
  await runCommand(page, "Preferences: Color Theme");
  await quickInput(page).locator("input[type=text]").fill(label);
  await pick(page, label);
  await page.locator(`.monaco-workbench.${mark}`).waitFor();
}

export function notifications(page: Page): Locator {
  return page.locator(".notification-toast");
}

/** Closes every toast, so that a screenshot shows what it is about. */
export async function clearNotifications(page: Page): Promise<void> {
  if ((await notifications(page).count()) === 0) return;
  await runCommand(page, "Notifications: Clear All Notifications");
  await notifications(page).first().waitFor({ state: "detached" });
}

/**
 * The document of a webview: the frame inside VS Code's own, for which `matches` answers true.
 * @throws Error with the frames that were there when none does in time.
 */
export async function webviewFrame(
  page: Page,
  matches: (frame: Frame) => Promise<boolean>,
  timeoutMs = 30_000,
): Promise<Frame> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    for (const frame of page.frames().filter((each) => /\/fake\.html\?/u.test(each.url()))) {
      if (await matches(frame).catch(() => false)) return frame;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `No webview matched; frames: ${page
          .frames()
          .map((frame) => frame.url().slice(0, 120))
          .join(", ")}`,
      );
    }
    await page.waitForTimeout(100);
  }
}

/** A picture of a workbench that has come to rest: two in a row are equal, or the time is up. */
export async function settledScreenshot(page: Page, timeoutMs = 10_000): Promise<Buffer> {
  // Nothing under the pointer, so no hover and no tooltip; the title bar has none.
  await page.mouse.move(0, 0);
  await statusItem(page, "Activating Extensions").waitFor({ state: "detached" });
  const deadline = Date.now() + timeoutMs;
  const shoot = (): Promise<Buffer> => page.screenshot({ animations: "disabled", caret: "hide" });
  let before = await shoot();
  for (;;) {
    await page.waitForTimeout(300);
    const now = await shoot();
    if (now.equals(before) || Date.now() > deadline) return now;
    before = now;
  }
}
