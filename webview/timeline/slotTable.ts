/** The timeline in words, for those who hear it: each slot, how busy it was and what it did last. */
import { html, type TemplateResult } from "lit";
import { attemptOutcomes } from "../../src/protocol/schedule.ts";
import { busyShare, type Timeline } from "./timelineModel.ts";

const limit = 64;

export function slotsForScreenReaders(timeline: Timeline, now: number): TemplateResult {
  const { attempts, lanes, slots, order, starts, from, to, running } = timeline;
  const end = running ? Math.max(to, now) : to;
  const shown = Math.min(lanes, limit);
  return html`<table class="visually-hidden">
    <caption>
      Timeline: ${shown} of ${slots} slots
    </caption>
    <thead>
      <tr>
        <th scope="col">slot</th>
        <th scope="col">busy</th>
        <th scope="col">attempts</th>
        <th scope="col">last</th>
      </tr>
    </thead>
    <tbody>
      ${Array.from({ length: shown }, (_, lane) => {
        const count = starts[lane + 1]! - starts[lane]!;
        const last = count === 0 ? -1 : order[starts[lane + 1]! - 1]!;
        return html`<tr>
          <th scope="row">${lane + 1}</th>
          <td>${Math.round(100 * busyShare(timeline, lane, from, end, now))} %</td>
          <td>${count}</td>
          <td>${last < 0 ? "none" : `trial ${attempts.number[last]}, ${attemptOutcomes[attempts.outcome[last]!]}`}</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}
