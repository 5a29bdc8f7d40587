/** The small pictures of points: one PNG with all of them, drawn in their places and larger in the tooltip. */

/** Return the pictures of a PNG of equal cells, row by row; ready() is called once they can be drawn. */
export function newAtlas(bytes, [width, height, columns], ready) {
  const atlas = { width, height, columns, image: null, scaled: null };
  createImageBitmap(new Blob([bytes], { type: "image/png" })).then(
    (image) => {
      atlas.image = image;
      ready();
    },
    () => {}, // what is no picture is not drawn
  );
  return atlas;
}

/** Return the pixels of all cells, the longer side of each `size` pixels at most: {pixels, across, width, height, columns, count}. */
export function scaledAtlas(atlas, size) {
  if (atlas.scaled?.size === size) return atlas.scaled;
  const scale = Math.min(1, size / Math.max(atlas.width, atlas.height));
  const [width, height] = [atlas.width, atlas.height].map((side) => Math.max(1, Math.round(side * scale)));
  const rows = Math.floor(atlas.image.height / atlas.height);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [atlas.columns * width, Math.max(1, rows * height)];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(atlas.image, 0, 0, atlas.columns * atlas.width, rows * atlas.height, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  atlas.scaled = { size, pixels: new Uint32Array(data.buffer), across: canvas.width, width, height, columns: atlas.columns, count: rows * atlas.columns };
  return atlas.scaled;
}

/** Draw a cell with its middle at x and y. tint: null or a pixel whose colour white takes on; strength: 256 covers. */
export function stampCell(pixels, width, height, cells, cell, x, y, across, down, tint, strength) {
  if (cell < 0 || cell >= cells.count) return;
  const [left, top] = [Math.round(x - across / 2), Math.round(y - down / 2)];
  const from = Math.floor(cell / cells.columns) * cells.height * cells.across + (cell % cells.columns) * cells.width;
  const [first, last] = [Math.max(0, -left), Math.min(across, width - left)];
  const [red, green, blue] = tint === null ? [256, 256, 256] : [tint & 255, (tint >>> 8) & 255, (tint >>> 16) & 255].map((one) => one + 1);
  const step = cells.width / across;
  for (let row = Math.max(0, -top); row < Math.min(down, height - top); row += 1) {
    const line = from + Math.floor(((row + 0.5) * cells.height) / down) * cells.across;
    const to = (top + row) * width + left;
    for (let column = first; column < last; column += 1) {
      const pixel = cells.pixels[line + Math.floor((column + 0.5) * step)];
      const alpha = ((pixel >>> 24) * strength + 128) >> 8;
      if (!alpha) continue;
      const under = pixels[to + column];
      const rest = 255 - alpha;
      const r = (((pixel & 255) * red) >> 8) * alpha + (under & 255) * rest;
      const g = ((((pixel >>> 8) & 255) * green) >> 8) * alpha + ((under >>> 8) & 255) * rest;
      const b = ((((pixel >>> 16) & 255) * blue) >> 8) * alpha + ((under >>> 16) & 255) * rest;
      pixels[to + column] = 0xff000000 | (((b * 257 + 256) >> 16) << 16) | (((g * 257 + 256) >> 16) << 8) | ((r * 257 + 256) >> 16);
    }
  }
}

/** Return a canvas with one cell, its longer side about `size` pixels; null while there is none. */
export function thumbnail(atlas, cell, size) {
  if (!atlas?.image || !(cell >= 0)) return null;
  const top = Math.floor(cell / atlas.columns) * atlas.height;
  if (top + atlas.height > atlas.image.height) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [atlas.width, atlas.height];
  const scale = size / Math.max(atlas.width, atlas.height);
  [canvas.style.width, canvas.style.height] = [atlas.width, atlas.height].map((side) => `${Math.round(side * scale)}px`);
  canvas.className = "thumb";
  canvas.getContext("2d").drawImage(atlas.image, (cell % atlas.columns) * atlas.width, top, atlas.width, atlas.height, 0, 0, atlas.width, atlas.height);
  return canvas;
}
