/** Plotly, loaded once for all pages, and whether this browser can draw with it. */

let loading = null;

/** Return a promise of Plotly. url: where it lies, from the root of the server. */
export function loadPlotly(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    // A server may lie below a folder of another; every page lies directly in its own.
    script.src = new URL(`.${url}`, window.location.href);
    script.onload = () => (window.Plotly ? done(window.Plotly) : failed(new Error("it is not what it should be")));
    script.onerror = () => failed(new Error("it cannot be loaded"));
    document.head.append(script);
  }).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** Return whether this browser draws in three dimensions. */
export function hasWebGL() {
  const context = document.createElement("canvas").getContext("webgl");
  // Browsers keep few of them.
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}
