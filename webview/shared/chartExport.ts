/**
 * A chart as files: PNG, SVG and CSV, and the menu that offers them.
 * Invariant: the exported picture is painted by the chart's own painter, whatever is on screen at the moment.
 */
import { SvgInk, type Ink } from "./ink.ts";
import type { MenuItem } from "./menu.ts";
import type { PanelActions } from "./panelElement.ts";
import { theme } from "./theme.ts";

/** What can be exported. Sizes are CSS pixels. */
export interface Picture {
  /** File name without its ending. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly paint: (ink: Ink) => void;
  /** Data behind the picture. */
  readonly csv: () => string;
}

/** The picture at twice its size on screen, as PNG bytes in base64. */
async function pngOf({ width, height, paint }: Picture): Promise<{ readonly blob: Blob; readonly base64: string }> {
  const canvas = document.createElement("canvas");
  const ratio = 2;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("The browser gave no drawing surface.");
  context.scale(ratio, ratio);
  context.fillStyle = theme().background;
  context.fillRect(0, 0, width, height);
  paint(context);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new Error("The picture could not be encoded.");
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return { blob, base64: btoa(binary) };
}

function svgOf({ width, height, paint }: Picture): string {
  const ink = new SvgInk(document.createElement("canvas").getContext("2d"));
  paint(ink);
  return ink.document(width, height, theme().background);
}

/** The menu every chart has. @param current the picture as it is when an item is chosen */
export function exportMenu(current: () => Picture, actions: PanelActions): readonly MenuItem[] {
  const attempt = async (run: (picture: Picture) => Promise<void>): Promise<void> => {
    try {
      await run(current());
    } catch (error) {
      actions.notice(error instanceof Error ? error.message : String(error), "error");
    }
  };
  const save = async (picture: Picture, pngBase64: string): Promise<void> => {
    await actions.request("saveImage", { suggestedName: `${picture.name}.png`, pngBase64 });
  };
  const copyPng = async (picture: Picture): Promise<void> => {
    const { blob, base64 } = await pngOf(picture);
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
      actions.notice("Copied the picture.");
    } catch {
      // Pictures cannot be put on the clipboard everywhere (remote windows, some desktops): saving always works.
      await save(picture, base64);
    }
  };
  const savePng = async (picture: Picture): Promise<void> => save(picture, (await pngOf(picture)).base64);
  const saveSvg = (picture: Picture): void =>
    void actions.act("saveText", { suggestedName: `${picture.name}.svg`, text: svgOf(picture) });
  return [
    { label: "Copy as PNG", run: () => void attempt(copyPng) },
    { label: "Save as PNG…", run: () => void attempt(savePng) },
    { label: "Save as SVG…", run: () => saveSvg(current()) },
    {
      label: "Copy Data as CSV",
      separated: true,
      run: () => void actions.copy(current().csv(), "Copied the data."),
    },
  ];
}
