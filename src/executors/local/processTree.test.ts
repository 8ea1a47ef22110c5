import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ProcLooker, parseStat } from "./procFolder.ts";
import { endProcesses, markedFinder, parsePs, type Finder } from "./processTree.ts";
import { trainersFolder } from "./testing.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function silent(marker: string): Promise<number> {
  const child = spawn(process.execPath, [path.join(trainersFolder, "silent.mjs")], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { BASIN_MARKER: marker },
  });
  children.push(child);
  await once(child.stdout, "data");
  return child.pid!;
}

describe("reading processes", () => {
  it("knows names with spaces and parentheses, zombies, and processes that are gone", () => {
    const rest = "1 20 30 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
    expect(parseStat(40, `40 (evil) S 2) S ${rest}`)).toEqual({
      pid: 40,
      parent: 1,
      group: 20,
      session: 30,
      startedAt: 4711,
      zombie: false,
    });
    expect(parseStat(40, `40 (x) Z ${rest}`)?.zombie).toBe(true);
    expect(parseStat(40, "")).toBeUndefined();
  });

  it("reads ps with environments, zombies left out", () => {
    const rows = parsePs(
      [
        "  501     1   501 Ss   /usr/bin/python3 train.py BASIN_MARKER=m1 PATH=/bin",
        "  502   501   501 Z    (python3)",
        "  503   501   503 S+   sleep 5",
        "",
      ].join("\n"),
    );
    expect(rows.map(({ pid, parent, group }) => [pid, parent, group])).toEqual([
      [501, 1, 501],
      [503, 501, 503],
    ]);
    expect(rows[0]!.text.split("\0")).toContain("BASIN_MARKER=m1");
  });
});

describe("ending processes", () => {
  const none = { pids: [], complete: true };

  it("does not take an incomplete look for the end", async () => {
    const looks = [{ pids: [], complete: false }, { pids: [], complete: false }, { ...none }];
    let taken = 0;
    const find: Finder = () => Promise.resolve(looks[taken++] ?? none);
    expect(await endProcesses(find, 0)).toEqual([]);
    expect(taken).toBe(3);
  });

  it("does not look for ever on a machine that is never quiet", async () => {
    expect(await endProcesses(() => Promise.resolve({ pids: [], complete: false }), 0)).toEqual([]);
  });

  it.runIf(process.platform === "linux")(
    "finds by the whole marker, and ends with SIGTERM where that is enough",
    async () => {
      const marker = `basin-tree-${process.pid}`;
      const pid = await silent(marker);
      const other = await silent(`${marker}1`);
      expect((await markedFinder(marker)()).pids).toEqual([pid]);
      const [exited] = await Promise.all([once(children[0]!, "exit"), endProcesses(markedFinder(marker), 60_000)]);
      expect(exited).toEqual([null, "SIGTERM"]);
      expect((await markedFinder(`${marker}1`)()).pids).toEqual([other]);
    },
  );

  it.runIf(process.platform === "linux")("asks about a process only once", async () => {
    const asked: number[] = [];
    const looker = new ProcLooker((row) => {
      asked.push(row.pid);
      return false;
    });
    await looker.look();
    const before = new Set(asked);
    const pid = await silent("none");
    asked.length = 0;
    await looker.look();
    expect(asked).toContain(pid);
    expect(asked.filter((asking) => before.has(asking))).toEqual([]);
  });
});
