/**
 * The page of a study panel.
 * Invariant: nothing loads but our own script and style sheet; no text of a study is ever part of this page.
 */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** Random text for `script-src 'nonce-...'`: 128 bits. */
function nonceText(): string {
  return randomBytes(16).toString("base64url");
}

export function webviewFolder(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, "dist", "webview");
}

export function panelHtml(webview: vscode.Webview, extensionUri: vscode.Uri): string {
  const nonce = nonceText();
  const folder = webviewFolder(extensionUri);
  const script = webview.asWebviewUri(vscode.Uri.joinPath(folder, "panel.js")).toString();
  const style = webview.asWebviewUri(vscode.Uri.joinPath(folder, "panel.css")).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    // Charts are copied as images through data and blob URLs.
    `img-src ${webview.cspSource} data: blob:`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" nonce="${nonce}" href="${style}">
<title>Basin</title>
</head>
<body>
<basin-panel></basin-panel>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
