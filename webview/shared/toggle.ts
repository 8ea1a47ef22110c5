/** A row of buttons of which one is pressed: one stop for Tab, arrows inside, as ARIA asks of a radio group. */
import { html, type TemplateResult } from "lit";

export function toggleGroup<T extends string>(
  label: string,
  options: readonly (readonly [value: T, text: string, title?: string])[],
  value: T,
  choose: (value: T) => void,
): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    const step = ["ArrowRight", "ArrowDown"].includes(event.key)
      ? 1
      : ["ArrowLeft", "ArrowUp"].includes(event.key)
        ? -1
        : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = options.findIndex(([option]) => option === value);
    const next = (at + step + options.length) % options.length;
    choose(options[next]![0]);
    const group = event.currentTarget instanceof HTMLElement ? event.currentTarget : undefined;
    group?.querySelectorAll<HTMLElement>("button")[next]?.focus();
  };
  return html`<span class="toggle" role="radiogroup" aria-label=${label} @keydown=${onKey}>
    ${options.map(
      ([option, text, title]) =>
        html`<button
          class="tool"
          role="radio"
          aria-checked=${option === value}
          aria-pressed=${option === value}
          tabindex=${option === value ? 0 : -1}
          title=${title ?? text}
          @click=${() => choose(option)}
        >
          ${text}
        </button>`,
    )}
  </span>`;
}
