/** The gallery's controls: each change reloads the panel with the choices in its address. */
import "./browse.css";

const form = document.querySelector("form");
const frame = document.querySelector("iframe");

function show(): void {
  if (form === null || frame === null) return;
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && value !== "") query.set(name, value);
  const width = query.get("width");
  frame.style.width = width === null ? "100%" : `${width}px`;
  frame.src = `frame.html?${query.toString()}`;
}

form?.addEventListener("change", show);
show();
