/**
 * Opens the panel's gallery in Chromium without a server: the page's files are answered from a folder.
 * Invariant: nothing is fetched from outside; an error on the page (console, exception, content policy) is collected.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { build } from "esbuild";

const root = path.resolve(import.meta.dirname, "../..");
const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const origin = "http://gallery.local";

/** Builds the gallery into `folder`, with the shipped bundle's settings (minified, as in the package). */
export async function buildGallery(folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: {
      panel: "webview/panel/main.ts",
      gallery: "webview/gallery/main.ts",
      frame: "webview/gallery/frame.html",
    },
    outdir: folder,
    bundle: true,
    minify: true,
    keepNames: true,
    format: "iife",
    target: "chrome128",
    logLevel: "warning",
    loader: { ".html": "copy" },
  });
}

export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env["BASIN_CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-dev-shm-usage",
      "--font-render-hinting=none",
      "--force-color-profile=srgb",
      "--enable-precise-memory-info",
      "--js-flags=--expose-gc",
    ],
  });
}

export interface GalleryPage {
  readonly page: Page;
  /** Everything that went wrong on the page so far. */
  readonly errors: string[];
}

/** A page of that size with the panel on it; `query` as in webview/gallery/main.ts. */
export async function openPanel(
  browser: Browser,
  folder: string,
  query: Readonly<Record<string, string>>,
  size: { readonly width: number; readonly height: number },
): Promise<GalleryPage> {
  const opened = await blankPage(browser, folder, size);
  await opened.page.goto(panelUrl(query));
  return opened;
}

export function panelUrl(query: Readonly<Record<string, string>>): string {
  return `${origin}/frame.html?${new URLSearchParams(query).toString()}`;
}

/** A page that answers for the gallery's files and has not gone there yet. */
export async function blankPage(
  browser: Browser,
  folder: string,
  size: { readonly width: number; readonly height: number },
): Promise<GalleryPage> {
  const context = await browser.newContext({ viewport: size, reducedMotion: "reduce", colorScheme: "dark" });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(`${message.type()}: ${message.text()}`);
  });
  await page.route("**/*", async (route) => {
    const url = new URL(route.request().url());
    const file = path.join(folder, path.basename(url.pathname));
    try {
      if (url.origin !== origin) throw new Error("outside");
      await route.fulfill({ body: await readFile(file), contentType: types[path.extname(file)] ?? "text/plain" });
    } catch {
      await route.fulfill({ status: 404, body: "" });
    }
  });
  return { page, errors };
}
