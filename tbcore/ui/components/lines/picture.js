/** A card as a picture to take away: light, with its title and a legend, as SVG or PNG. */

import { clippedTo, dashOf, drawCard, layoutCard, markersOf } from "./card.js";
import { element, nameEnd } from "./dom.js";
import { counted } from "./format.js";

const PAPER = { text: "#1f2328", background: "#ffffff", grid: "#d0d7de", accent: "#4269d0", font: "12px Helvetica, Arial, sans-serif" };
const TITLE = 34;
const ROW = 18;
const SWATCH = 22;
const GAP = 14;
const MARGIN = 12;
const SHARP = 3;
const MOST = 60;
const AXES_NAMED = { step: "step", relative: "time since the start", wall: "wall time" };

/** Return a drawing context, as far as the cards need one, that writes SVG; `text()` is the file. */
export function newSvg(width, height, measure) {
  const marks = [];
  const kept = [];
  let [path, dash, clip, clips] = ["", [], "", 0];
  const at = (value) => Math.round(value * 100) / 100;
  const escaped = (text) => text.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "");
  const add = (mark) => marks.push(clip ? `<g clip-path="url(#${clip})">${mark}</g>` : mark);
  const context = {
    fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, globalAlpha: 1, font: PAPER.font, textAlign: "left", textBaseline: "alphabetic",
    beginPath: () => (path = ""),
    moveTo: (x, y) => (path += `M${at(x)} ${at(y)}`),
    lineTo: (x, y) => (path += `${path ? "L" : "M"}${at(x)} ${at(y)}`),
    rect: (x, y, w, h) => (path += `M${at(x)} ${at(y)}h${at(w)}v${at(h)}h${at(-w)}z`),
    arc: (x, y, r) => (path += `M${at(x - r)} ${at(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`),
    setLineDash: (lengths) => (dash = lengths),
    save: () => kept.push(clip),
    restore: () => (clip = kept.pop() ?? ""),
    clip() {
      clips += 1;
      marks.push(`<clipPath id="plot${clips}"><path d="${path}"/></clipPath>`);
      clip = `plot${clips}`;
    },
    stroke() {
      const dashes = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
      add(`<path d="${path}" fill="none" stroke="${escaped(context.strokeStyle)}" stroke-width="${context.lineWidth}" stroke-linejoin="bevel" opacity="${context.globalAlpha}"${dashes}/>`);
    },
    fill: () => add(`<path d="${path}" fill="${escaped(context.fillStyle)}" opacity="${context.globalAlpha}"/>`),
    fillText(text, x, y) {
      const anchor = { center: "middle", right: "end" }[context.textAlign] ?? "start";
      const down = { middle: 0.35, top: 0.8 }[context.textBaseline] ?? 0;
      const [, bold = "", size] = /^(bold )?([\d.]+)px/.exec(context.font) ?? ["", "", "12"];
      const y0 = at(y + down * Number(size));
      add(`<text x="${at(x)}" y="${y0}" font-size="${size}"${bold ? ' font-weight="bold"' : ""} text-anchor="${anchor}" fill="${escaped(context.fillStyle)}" opacity="${context.globalAlpha}">${escaped(text)}</text>`);
    },
    measureText(text) {
      measure.font = context.font;
      return measure.measureText(text);
    },
    text: () => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif"><rect width="100%" height="100%" fill="#ffffff"/>${marks.join("\n")}</svg>`,
  };
  return context;
}

/** Download the card as it is seen: `kind` "svg" or "png". */
export function takePicture(card, board, kind) {
  const measure = element("canvas").getContext("2d");
  const width = Math.max(480, card.width);
  const items = legendOf(card, measure, width);
  const plotted = Math.max(260, card.height);
  const height = TITLE + plotted + ROW + items.height + MARGIN;
  const name = `${card.tag.replace(/[^\w.-]+/g, "_").slice(0, 80) || "card"}.${kind}`;
  if (kind === "svg") {
    const context = newSvg(width, height, measure);
    drawPicture(context, card, board, items, width, plotted);
    return save(new Blob([context.text()], { type: "image/svg+xml" }), name);
  }
  const canvas = Object.assign(element("canvas"), { width: width * SHARP, height: height * SHARP });
  const context = canvas.getContext("2d");
  context.scale(SHARP, SHARP);
  context.fillStyle = PAPER.background;
  context.fillRect(0, 0, width, height);
  drawPicture(context, card, board, items, width, plotted);
  return canvas.toBlob((blob) => save(blob, name), "image/png");
}

function drawPicture(context, card, board, items, width, plotted) {
  const area = { left: 0, top: TITLE + 6, right: width - MARGIN, bottom: TITLE + plotted };
  const frame = layoutCard(card, board, context, area, PAPER);
  frame.ratio = SHARP;
  frame.markers = markersOf(frame, card, board);
  context.fillStyle = PAPER.text;
  context.font = PAPER.font.replace("12px", "bold 14px");
  Object.assign(context, { textAlign: "left", textBaseline: "middle" });
  context.fillText(card.heading.textContent, MARGIN, TITLE / 2 + 2);
  context.font = PAPER.font;
  drawCard(context, frame, card, board, PAPER, (box) => clippedTo(context, box));
  context.fillStyle = PAPER.text;
  Object.assign(context, { textAlign: "center", textBaseline: "middle" });
  const { axis, axis_tag } = board.settings;
  context.fillText(AXES_NAMED[axis] ?? axis_tag, (frame.box.left + frame.box.right) / 2, area.bottom + ROW / 2 - 2);
  context.textAlign = "left";
  for (const { line, text, x, y } of items.placed) {
    const down = area.bottom + ROW + y + ROW / 2;
    context.strokeStyle = line?.color ?? PAPER.text;
    context.lineWidth = 2;
    context.setLineDash(line ? dashOf(line.series) : []);
    if (line) {
      context.beginPath();
      context.moveTo(x, down);
      context.lineTo(x + SWATCH - 6, down);
      context.stroke();
    }
    context.fillText(text, x + (line ? SWATCH : 0), down);
  }
  context.setLineDash([]);
}

function legendOf(card, measure, width) {
  measure.font = PAPER.font;
  const lines = card.frame.lines.filter(({ series }) => !series.earlier);
  const room = width - 2 * MARGIN - SWATCH;
  const entries = lines.slice(0, MOST).map((line) => {
    let text = line.name;
    while (text.length > 8 && measure.measureText(text).width > room) text = nameEnd(text, [...text].length - 4);
    return { line, text };
  });
  if (lines.length > MOST) entries.push({ line: null, text: `and ${counted(lines.length - MOST, "more line")}` });
  let [x, y] = [MARGIN, 0];
  const placed = entries.map((entry) => {
    const across = (entry.line ? SWATCH : 0) + measure.measureText(entry.text).width;
    if (x > MARGIN && x + across > width - MARGIN) [x, y] = [MARGIN, y + ROW];
    const found = { ...entry, x, y };
    x += across + GAP;
    return found;
  });
  return { placed, height: y + ROW };
}

function save(blob, name) {
  const link = element("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
