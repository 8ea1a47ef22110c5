import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BasinError } from "../core/errors.ts";
import { ensureBasinFolder, newSocketPath, readLock, runtimeFolder, workspaceHash } from "./workspaceFiles.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("workspace files", () => {
  it("hides .basin from git and leaves a changed .gitignore alone", () => {
    const files = ensureBasinFolder(folder);
    const ignore = path.join(files.folder, ".gitignore");
    expect(readFileSync(ignore, "utf8")).toBe("*\n");
    writeFileSync(ignore, "mine\n");
    ensureBasinFolder(folder);
    expect(readFileSync(ignore, "utf8")).toBe("mine\n");
  });

  it("says what is wrong with a workspace that is not there", () => {
    expect(() => ensureBasinFolder(path.join(folder, "none"))).toThrow(BasinError);
    expect(existsSync(path.join(folder, "none"))).toBe(false);
  });

  it("keeps sockets in a private folder under a short path", () => {
    const socket = newSocketPath(folder, "0123456789abcdef");
    expect(socket.length).toBeLessThan(100);
    expect(statSync(runtimeFolder()).mode & 0o077).toBe(0);
  });

  it("hashes a link to a folder like the folder", () => {
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    expect(workspaceHash(link)).toBe(workspaceHash(folder));
    rmSync(link);
  });

  it("takes an unreadable lock as none", () => {
    const file = path.join(folder, "lock");
    for (const text of ["", "{", "[]", "null", '{"pid":"1"}']) {
      writeFileSync(file, text);
      expect(readLock(file)).toBeUndefined();
    }
    writeFileSync(file, '{"pid":1,"nonce":"n","socket":"s"}');
    expect(readLock(file)).toMatchObject({ pid: 1, nonce: "n", socket: "s", protocolVersion: 0 });
  });
});
