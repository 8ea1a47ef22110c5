/**
 * Builds the gallery: the shipped panel bundle beside a fake host, for a plain browser.
 * Usage: node webview/gallery/build.ts, then open dist/gallery/index.html through any static server.
 */
import { build } from "esbuild";

await build({
  absWorkingDir: decodeURIComponent(new URL("../..", import.meta.url).pathname),
  entryPoints: {
    panel: "webview/panel/main.ts",
    gallery: "webview/gallery/main.ts",
    browse: "webview/gallery/browse.ts",
    index: "webview/gallery/index.html",
    frame: "webview/gallery/frame.html",
  },
  outdir: "dist/gallery",
  bundle: true,
  format: "iife",
  target: "chrome128",
  sourcemap: "linked",
  keepNames: true,
  legalComments: "none",
  logLevel: "warning",
  loader: { ".html": "copy" },
});
