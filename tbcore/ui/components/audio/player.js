/** One player for all clips: what was playing stops when another begins. */

/** Return a new player; `changed()` is called whenever it plays, stops or moves. */
export function newPlayer() {
  const player = { sound: new Audio(), tile: null, address: "", frame: 0 };
  player.sound.preload = "auto";
  for (const what of ["play", "pause", "ended", "seeked", "loadedmetadata", "volumechange"]) {
    player.sound.addEventListener(what, () => follow(player));
  }
  player.sound.addEventListener("error", () => player.tile && player.address && player.tile.failed());
  return player;
}

/** Make the clip in `bytes` the one that plays, from `seconds` on. */
export function start(player, tile, bytes, mime, seconds = 0) {
  if (player.tile !== tile || !player.address) {
    drop(player);
    player.tile = tile;
    player.address = URL.createObjectURL(new Blob([bytes], { type: mime }));
    player.sound.src = player.address;
  }
  player.sound.currentTime = seconds;
  return player.sound.play();
}

export function isPlaying(player, tile) {
  return player.tile === tile && !player.sound.paused;
}

/** Return where a tile's clip is, in seconds. */
export function placeOf(player, tile) {
  return player.tile === tile ? player.sound.currentTime : 0;
}

/** Stop, and forget the clip. */
export function drop(player) {
  cancelAnimationFrame(player.frame);
  const { tile, address } = player;
  player.sound.pause();
  player.tile = null;
  player.address = "";
  if (address) {
    player.sound.removeAttribute("src");
    URL.revokeObjectURL(address);
  }
  tile?.moved();
}

function follow(player) {
  cancelAnimationFrame(player.frame);
  player.tile?.moved();
  if (player.tile && !player.sound.paused) player.frame = requestAnimationFrame(() => follow(player));
}
