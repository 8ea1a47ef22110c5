/**
 * `basin ask-tell <study>`: any program drives a study by lines of JSON on standard input, answered one for one on standard
 * output. Invariant: a line that is not understood changes nothing and is answered with an error; standard output holds
 * nothing but answers; trials that were asked for and never told are handed out again by the next ask.
 */
import { createInterface } from "node:readline";
import { z } from "zod";
import { BasinError, errorText } from "../core/errors.ts";
import { exitCodes, CliFailure, type ExitCode } from "./exit.ts";
import { type Asker, openSession } from "./session.ts";
import { readStudyFile } from "./studyFile.ts";
import { countsText, toJson } from "./text.ts";
import { workspaceFor } from "./workspace.ts";

const number = z.int().nonnegative();
/** JSON has no NaN: as in the trainer protocol, non-finite numbers may be written as text. */
const value = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);

const askSchema = z.strictObject({ ask: z.int().min(1).max(10_000) });
const tellSchema = z.strictObject({
  tell: z
    .strictObject({
      number,
      values: z.array(value).optional(),
      state: z.enum(["complete", "pruned", "failed"]).optional(),
    })
    .refine((tell) => tell.values !== undefined || tell.state !== undefined, "needs `values` or `state`"),
});
const reportSchema = z.strictObject({ report: z.strictObject({ number, step: z.int().nonnegative(), value }) });

const schemas: ReadonlyMap<string, z.ZodType<AskTellMessage>> = new Map<string, z.ZodType<AskTellMessage>>([
  ["ask", askSchema],
  ["tell", tellSchema],
  ["report", reportSchema],
]);

export type AskTellMessage = z.output<typeof askSchema> | z.output<typeof tellSchema> | z.output<typeof reportSchema>;

const forms =
  '{"ask": 2}, {"report": {"number": 0, "step": 1, "value": 0.5}} or {"tell": {"number": 0, "values": [0.5]}}';

/** A line as a message. @throws BasinError `invalid-argument` that says what is wrong with it */
export function parseMessage(line: string): AskTellMessage {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    throw new BasinError(
      "invalid-argument",
      `The line is not JSON: ${errorText(error)}.`,
      `One object a line: ${forms}.`,
    );
  }
  const keys = typeof json === "object" && json !== null && !Array.isArray(json) ? Object.keys(json) : [];
  const schema = keys.length === 1 ? schemas.get(keys[0] ?? "") : undefined;
  if (schema === undefined) {
    throw new BasinError(
      "invalid-argument",
      "The line is not a message: it must be an object with one of ask, report and tell.",
      `For example ${forms}.`,
    );
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new BasinError(
    "invalid-argument",
    `${issue?.path.join(".") ?? "message"}: ${issue?.message ?? "wrong"}.`,
    `For example ${forms}.`,
  );
}

/** The answer to one message. @throws BasinError */
export async function answerMessage(client: Asker, studyId: number, message: AskTellMessage): Promise<object> {
  if ("ask" in message) {
    const { trials } = await client.request("ask", { studyId, count: message.ask });
    const shown = trials.map(({ resumed, ...trial }) => (resumed ? { ...trial, resumed } : trial));
    if (shown.length > 0) return { trials: shown };
    const study = await client.request("study.get", { studyId });
    return {
      trials: [],
      done: study.state === "complete",
      reason: study.reason === "" ? countsText(study) : study.reason,
    };
  }
  if ("report" in message) return client.request("report", { studyId, ...message.report });
  const { number: told, values, state } = message.tell;
  await client.request("tell", {
    studyId,
    number: told,
    ...(values === undefined ? {} : { values }),
    ...(state === undefined ? {} : { state }),
  });
  return { ok: true, number: told };
}

/** An error as an answer. */
export function errorAnswer(error: unknown): object {
  const { code, message, hint } =
    error instanceof BasinError ? error : { code: "internal", message: errorText(error), hint: "" };
  return { error: { code, message, hint } };
}

export async function askTellCommand(
  name: string,
  options: { readonly fresh?: boolean; readonly workspace?: string },
): Promise<ExitCode> {
  const file = readStudyFile(name);
  for (const warning of file.warnings) process.stderr.write(`${warning}\n`);
  if (file.study.trainer.kind !== "none") {
    throw new CliFailure(exitCodes.invalid, [
      `basin: error: ${name} has a trainer (trainer.kind is ${file.study.trainer.kind}), so Basin runs its trials itself.`,
      "  Use `trainer: { kind: none }` for a study that another program drives.",
    ]);
  }
  const session = await openSession(workspaceFor(file.path, options.workspace), "study");
  let interrupted = false;
  try {
    const mode = options.fresh === true ? "fresh" : "continue";
    const { studyId, message } = await session.client.request("study.start", {
      path: file.path,
      text: file.text,
      mode,
    });
    process.stderr.write(`${message}\n`);
    const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
    const stop = (): void => {
      interrupted = true;
      lines.close();
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    for await (const line of lines) {
      if (line.trim() === "") continue;
      let answer: object;
      try {
        answer = await answerMessage(session.client, studyId, parseMessage(line));
      } catch (error) {
        answer = errorAnswer(error);
      }
      await new Promise<void>((resolve) => process.stdout.write(`${toJson(answer)}\n`, () => resolve()));
    }
  } finally {
    await session.close();
  }
  return interrupted ? exitCodes.interrupted : exitCodes.done;
}
