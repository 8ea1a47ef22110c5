/**
 * The part of Canvas 2D our charts draw with, and a recorder of the same calls that gives SVG, so that every chart has a
 * vector export without a second painter. Invariant: text is escaped, so nothing of a study becomes markup.
 */

export type Ink = Pick<
  CanvasRenderingContext2D,
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "globalAlpha"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "lineJoin"
  | "save"
  | "restore"
  | "translate"
  | "rotate"
  | "beginPath"
  | "closePath"
  | "moveTo"
  | "lineTo"
  | "arc"
  | "rect"
  | "stroke"
  | "fill"
  | "fillRect"
  | "strokeRect"
  | "fillText"
  | "measureText"
  | "setLineDash"
  | "clip"
> & {
  drawImage(image: HTMLCanvasElement, x: number, y: number, width: number, height: number): void;
};

interface Pen {
  fillStyle: Ink["fillStyle"];
  strokeStyle: Ink["strokeStyle"];
  lineWidth: number;
  globalAlpha: number;
  font: string;
  textAlign: CanvasTextAlign;
  textBaseline: CanvasTextBaseline;
  lineJoin: CanvasLineJoin;
  dash: readonly number[];
  transform: string;
  clip: string;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const round = (n: number): string => String(Math.round(n * 100) / 100);

const anchors: Readonly<Record<CanvasTextAlign, string>> = {
  left: "start",
  start: "start",
  center: "middle",
  right: "end",
  end: "end",
};

/** Records drawing as SVG elements. */
export class SvgInk implements Ink {
  fillStyle: Ink["fillStyle"] = "#000";
  strokeStyle: Ink["strokeStyle"] = "#000";
  lineWidth = 1;
  globalAlpha = 1;
  font = "13px sans-serif";
  textAlign: CanvasTextAlign = "start";
  textBaseline: CanvasTextBaseline = "alphabetic";
  lineJoin: CanvasLineJoin = "miter";

  private dash: readonly number[] = [];
  private transform = "";
  private clipId = "";
  private clips = 0;
  private path: string[] = [];
  private readonly stack: Pen[] = [];
  private readonly parts: string[] = [];
  private readonly ruler: CanvasRenderingContext2D | null;

  /** @param ruler measures text; without one, widths are estimated */
  constructor(ruler: CanvasRenderingContext2D | null) {
    this.ruler = ruler;
  }

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline, lineJoin, dash, transform } =
      this;
    this.stack.push({
      fillStyle,
      strokeStyle,
      lineWidth,
      globalAlpha,
      font,
      textAlign,
      textBaseline,
      lineJoin,
      dash,
      transform,
      clip: this.clipId,
    });
  }

  restore(): void {
    const pen = this.stack.pop();
    if (pen === undefined) return;
    const { clip, ...rest } = pen;
    Object.assign(this, rest);
    this.clipId = clip;
  }

  translate(x: number, y: number): void {
    this.transform += `translate(${round(x)} ${round(y)})`;
  }

  rotate(angle: number): void {
    this.transform += `rotate(${round((angle * 180) / Math.PI)})`;
  }

  beginPath(): void {
    this.path = [];
  }

  closePath(): void {
    this.path.push("Z");
  }

  moveTo(x: number, y: number): void {
    this.path.push(`M${round(x)} ${round(y)}`);
  }

  lineTo(x: number, y: number): void {
    this.path.push(`L${round(x)} ${round(y)}`);
  }

  arc(x: number, y: number, radius: number, from: number, to: number): void {
    const px = (angle: number): string =>
      `${round(x + radius * Math.cos(angle))} ${round(y + radius * Math.sin(angle))}`;
    const r = round(radius);
    const joint = this.path.length === 0 || to - from >= Math.PI * 2 - 1e-6 ? "M" : "L";
    if (to - from >= Math.PI * 2 - 1e-6) {
      this.path.push(`${joint}${px(0)}A${r} ${r} 0 1 1 ${px(Math.PI)}A${r} ${r} 0 1 1 ${px(0)}Z`);
    } else {
      this.path.push(`${joint}${px(from)}A${r} ${r} 0 ${to - from > Math.PI ? 1 : 0} 1 ${px(to)}`);
    }
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.path.push(`M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}Z`);
  }

  stroke(): void {
    const dash = this.dash.length === 0 ? "" : ` stroke-dasharray="${this.dash.join(" ")}"`;
    this.put(
      "path",
      `d="${this.path.join("")}" fill="none" stroke="${this.color(this.strokeStyle)}" stroke-width="${round(this.lineWidth)}" stroke-linejoin="${this.lineJoin}"${dash}`,
    );
  }

  fill(): void {
    this.put("path", `d="${this.path.join("")}" fill="${this.color(this.fillStyle)}"`);
  }

  clip(): void {
    this.clipId = `clip${++this.clips}`;
    this.parts.push(`<clipPath id="${this.clipId}"><path d="${this.path.join("")}"/></clipPath>`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.put(
      "rect",
      `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${this.color(this.fillStyle)}"`,
    );
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.put(
      "rect",
      `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="none" stroke="${this.color(this.strokeStyle)}" stroke-width="${round(this.lineWidth)}"`,
    );
  }

  fillText(text: string, x: number, y: number): void {
    const size = Number.parseFloat(/([\d.]+)px/.exec(this.font)?.[1] ?? "13");
    const family = this.font.replace(/^.*?px\s*/, "");
    const shift = this.textBaseline === "middle" ? size * 0.35 : this.textBaseline === "top" ? size * 0.8 : 0;
    const weight = /\b(600|bold)\b/.test(this.font) ? ' font-weight="600"' : "";
    this.put(
      "text",
      `x="${round(x)}" y="${round(y + shift)}" font-size="${round(size)}" font-family="${escaped(family)}"${weight} text-anchor="${anchors[this.textAlign]}" fill="${this.color(this.fillStyle)}"`,
      escaped(text),
    );
  }

  measureText(text: string): TextMetrics {
    if (this.ruler !== null) {
      this.ruler.font = this.font;
      return this.ruler.measureText(text);
    }
    return { width: text.length * 7 } as TextMetrics;
  }

  setLineDash(dash: Iterable<number>): void {
    this.dash = [...dash];
  }

  drawImage(image: HTMLCanvasElement, x: number, y: number, width: number, height: number): void {
    this.put(
      "image",
      `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" preserveAspectRatio="none" href="${image.toDataURL("image/png")}"`,
    );
  }

  /** The finished picture. */
  document(width: number, height: number, background: string): string {
    const w = round(width);
    const h = round(height);
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">\n<rect width="${w}" height="${h}" fill="${escaped(background)}"/>\n${this.parts.join("\n")}\n</svg>\n`;
  }

  private color(style: Ink["fillStyle"]): string {
    return typeof style === "string" ? escaped(style) : "none";
  }

  private put(tag: string, attributes: string, content = ""): void {
    const alpha = this.globalAlpha < 1 ? ` opacity="${round(this.globalAlpha)}"` : "";
    const transform = this.transform === "" ? "" : ` transform="${this.transform}"`;
    const element = `<${tag} ${attributes}${alpha}${transform}>${content}</${tag}>`;
    this.parts.push(this.clipId === "" ? element : `<g clip-path="url(#${this.clipId})">${element}</g>`);
  }
}
