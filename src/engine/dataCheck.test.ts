import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { BasinError } from "../core/errors.ts";
import { createFakeExecutor, curve, type FakeExecutor } from "./testing/fakeExecutor.ts";
import { engineFixture, type Fixture, untilState } from "./testing/engineFixture.ts";

let fixture: Fixture;
let executor: FakeExecutor;
beforeEach(async () => {
  executor = createFakeExecutor(() => curve("val_loss", [1]));
  fixture = await engineFixture(executor);
});
afterEach(() => fixture.dispose());

function study(data: string, model = "mlp"): string {
  return `study: checked
objective: { metric: val_loss, direction: minimize }
trainer: { kind: tfjs, model: ${model}, data: ${data} }
space: { learningRate: { type: float, low: 0.001, high: 0.1 } }
budget: { trials: 1 }
`;
}

async function refusal(text: string): Promise<string> {
  try {
    await fixture.start(text);
  } catch (error) {
    expect(error).toBeInstanceOf(BasinError);
    expect((error as BasinError).code).toBe("invalid-study");
    return (error as BasinError).message;
  }
  return "it started";
}

it("refuses a study whose data no trial could read, and starts it once the data is there", async () => {
  const csv = study("{ csv: ./data.csv, label: y }");
  expect(await refusal(csv)).toBe("The data file ./data.csv cannot be read: it is not there.");
  const file = path.join(fixture.workspace, "data.csv");
  writeFileSync(file, "a,b,target\n1,2,x\n");
  expect(await refusal(csv)).toBe('./data.csv: There is no column "y".');

  const batches = path.join(fixture.workspace, "cifar");
  expect(await refusal(study("{ cifar10: ./cifar }", "vgg"))).toMatch(/^The data folder \.\/cifar cannot be read/);
  mkdirSync(batches);
  writeFileSync(path.join(batches, "data_batch_1.bin"), Buffer.alloc(3073 * 4 - 100));
  expect(await refusal(study("{ cifar10: ./cifar }", "vgg"))).toMatch(/data_batch_1\.bin: 12192 bytes are no whole/);
  expect(executor.jobs).toEqual([]);
  expect(await fixture.engine.request("study.list", {})).toEqual([]);

  writeFileSync(file, "a,b,y\n1,2,x\n");
  const { studyId } = await fixture.start(csv);
  await untilState(fixture, studyId, "complete");
  expect(executor.jobs).toHaveLength(1);
  expect(executor.jobs[0]?.cacheFolder).toBe(path.join(fixture.workspace, ".basin", "data"));
});
