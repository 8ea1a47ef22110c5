/**
 * `npm run gallery`: the panel on generated studies in a plain browser, without VS Code and without an engine.
 * Serves dist/gallery on 127.0.0.1 in the foreground; Ctrl-C stops it.
 */
import path from "node:path";
import { context } from "esbuild";
import { freePort } from "./workbench/server.ts";

const root = path.resolve(import.meta.dirname, "..");
await import("../webview/gallery/build.ts");
const server = await context({ absWorkingDir: root });
const { port } = await server.serve({
  servedir: path.join(root, "dist", "gallery"),
  host: "127.0.0.1",
  port: await freePort(8131),
});
console.log(`\n  Panel gallery: http://127.0.0.1:${port}/\n`);
