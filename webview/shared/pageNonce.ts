/**
 * Hands the page's nonce to the toolkit, which adds a style element of its own while its module loads.
 * Invariant: imported before the toolkit and run in the page's first script, where `currentScript` is known.
 */

const nonce = document.currentScript?.nonce ?? "";
if (nonce !== "" && document.querySelector('meta[property="csp-nonce"]') === null) {
  const meta = document.createElement("meta");
  meta.setAttribute("property", "csp-nonce");
  meta.content = nonce;
  document.head.append(meta);
}
