/** Images on their way to the screen: encoded thumbnails, and packed pixels for the large view. */

import { newImage, screenPixels, spanOf } from "./values.js";

/** Return a promise of a decoded picture of encoded bytes, null when the browser cannot decode it. */
export function loadPicture(bytes, mime) {
  const picture = new Image();
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  picture.src = url;
  picture.draggable = false;
  picture.alt = "";
  const settled = () => URL.revokeObjectURL(url);
  return picture.decode().then(() => picture, () => null).finally(settled);
}

/** Return a promise of the image that the server packed. */
export async function unpackImage(about, packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return newImage(about, new Uint8Array(await new Response(stream).arrayBuffer()));
}

/** Return a canvas with RGBA pixels on it. */
export function canvasOf(pixels, width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

/** Return a frame of an image on a canvas; stretched: from its own least to its own greatest value. */
export function canvasOfFrame(image, frame, stretched) {
  const key = `${frame} ${stretched}`;
  if (image.canvasKey !== key) {
    const [low, high] = stretched ? spanOf(image, frame) : [image.low, image.high];
    image.canvas = canvasOf(screenPixels(image, frame, low, high), image.width, image.height);
    image.canvasKey = key;
  }
  return image.canvas;
}
