/**
 * What the notification at a study's end says.
 * Invariant: pure; one or two short sentences.
 */
import type { EngineNotifications } from "../../protocol/engine.ts";
import { bestText } from "../explorer/texts.ts";

/** "digits-mlp is done: best 0.981 (#17). Target reached." */
export function endText(ended: EngineNotifications["study.ended"]): string {
  const reason =
    ended.reason === ""
      ? ""
      : ` ${ended.reason.charAt(0).toUpperCase()}${ended.reason.slice(1)}${/[.!?]$/.test(ended.reason) ? "" : "."}`;
  const best = bestText(ended.best);
  if (ended.state === "failed") return `${ended.name} failed.${reason}`;
  const word = ended.state === "complete" ? "is done" : `is ${ended.state}`;
  return `${ended.name} ${word}${best === "" ? " without a complete trial" : `: best ${best}`}.${reason}`;
}
