/**
 * `npm run workbench`: builds the extension and serves VS Code with it on 127.0.0.1, in the foreground.
 * Invariant: Ctrl-C ends the server and everything it started, except engines, which outlive windows by design.
 * Usage: npm run workbench -- [folder] [--port 8130] [--vsix file] [--trust-prompt] [--no-build]
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { workbenchUrl } from "./browser.ts";
import { linkExtension } from "./harness.ts";
import { root, workbenchFolder } from "./locations.ts";
import { quietSettings } from "./quietSettings.ts";
import { freePort, installVsix, startServer } from "./server.ts";
import { setUpWorkbench } from "./setup.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: "string", default: "8130" },
    vsix: { type: "string" },
    "trust-prompt": { type: "boolean", default: false },
    build: { type: "boolean", default: true },
  },
  allowNegative: true,
});

async function serve(): Promise<void> {
  const folder = path.resolve(positionals[0] ?? path.join(root, "examples"));
  if (!existsSync(folder)) throw new Error(`There is no folder ${folder}.`);

  await setUpWorkbench();
  if (values.build && values.vsix === undefined) {
    console.log("workbench: building the extension");
    execFileSync(process.execPath, [path.join(root, "scripts", "build.ts")], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
    });
  }

  const userDataFolder = path.join(workbenchFolder, "user");
  const extensionsFolder = path.join(workbenchFolder, "extensions");
  if (values.vsix === undefined) linkExtension(extensionsFolder);
  else {
    rmSync(extensionsFolder, { recursive: true, force: true });
    await installVsix({ userDataFolder, extensionsFolder }, path.resolve(values.vsix));
  }

  mkdirSync(userDataFolder, { recursive: true });
  const isFirstTime = !existsSync(path.join(userDataFolder, "User", "settings.json"));
  const server = await startServer({
    userDataFolder,
    extensionsFolder,
    port: await freePort(Number(values.port)),
    workspaceTrust: values["trust-prompt"],
    // Settings a person changes in this workbench stay changed.
    ...(isFirstTime ? { settings: quietSettings } : {}),
  });

  console.log(
    `\n  VS Code with Basin on ${path.relative(process.cwd(), folder) || "."}:\n\n    ${workbenchUrl(server.port, { folder })}\n`,
  );
  console.log(
    `  Open a *.study.yaml and press "Start HPO Study". After \`npm run build\`, reload the window. Ctrl-C stops.\n`,
  );

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => void server.stop());
  await server.exited;
}

try {
  await serve();
} catch (error) {
  console.error(`workbench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
