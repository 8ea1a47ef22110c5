/**
 * The argument template of a command trainer: `{name}` inside an argument becomes the parameter's value.
 * Invariant: one argument in, at most one argument out: a value is never split, quoted or read as an option of a shell.
 *
 * `{{` and `}}` are literal braces. Braces around anything that is no parameter's name are left as they are
 * (`awk '{print $1}'` needs no escaping). An argument that mentions an inactive parameter is dropped, and with it the
 * argument before it when that is a bare flag (`--momentum {momentum}`, `-m {momentum}`).
 */
import type { Params } from "../../core/space/parameter.ts";
import { paramText } from "../environment.ts";

interface Expanded {
  readonly text: string;
  readonly inactive: boolean;
}

/**
 * @param template program and arguments as in the study
 * @param names all parameters of the study, active or not
 * @param params the active ones with their values
 */
export function fillArguments(template: readonly string[], names: ReadonlySet<string>, params: Params): string[] {
  const out: string[] = [];
  // Whether the last argument of `out` is a flag of its own that was written without a value.
  let bareFlag = false;
  for (const [index, argument] of template.entries()) {
    const { text, inactive } = fillArgument(argument, names, params);
    if (inactive && index > 0) {
      if (bareFlag) out.pop();
      bareFlag = false;
      continue;
    }
    out.push(text);
    bareFlag = index > 0 && /^--?[A-Za-z][\w.-]*$/.test(argument);
  }
  return out;
}

function fillArgument(argument: string, names: ReadonlySet<string>, params: Params): Expanded {
  let inactive = false;
  const text = argument.replaceAll(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, name: string | undefined) => {
    if (whole === "{{") return "{";
    if (whole === "}}") return "}";
    if (name === undefined || !names.has(name)) return whole;
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (value === undefined) {
      inactive = true;
      return "";
    }
    return paramText(value);
  });
  return { text, inactive };
}
