/** What Plotly draws of one panel. No text of a log is handed to it: Plotly acts on what looks like HTML. */

const HINT = "x %{x:.4~g}<br>y %{y:.4~g}<br>z %{z:.4~g}<extra></extra>";

/** Return the CSS colours of a table of r, g, b columns; alike ones are one string. */
export function cssColors(columns) {
  const { r, g, b } = columns;
  const known = new Map();
  return Array.from(r, (red, index) => {
    const number = (red << 16) | (g[index] << 8) | b[index];
    let color = known.get(number);
    if (color === undefined) {
      color = `#${number.toString(16).padStart(6, "0")}`;
      known.set(number, color);
    }
    return color;
  });
}

/** Return the traces of a panel. columns: {points: {x, y, z}, faces: {i, j, k} or null, colors: {r, g, b} or null}. */
export function tracesOf(spec, columns) {
  const colors = columns.colors === null ? null : cssColors(columns.colors);
  if (spec.form === "mesh") {
    return [{
      type: "mesh3d", ...columns.points, ...columns.faces,
      ...(colors === null ? { color: spec.color } : { vertexcolor: colors }),
      flatshading: spec.flat, opacity: spec.opacity, hovertemplate: HINT,
      lighting: { ambient: spec.ambient, diffuse: 0.7, specular: 0.15, roughness: spec.roughness, fresnel: 0.05 },
      lightposition: { x: 1e5, y: 2e5, z: 3e5 },
    }];
  }
  if (spec.form === "edges") {
    const { order, ...points } = edgesOf(columns.points, columns.faces);
    const line = { width: 1.5, color: colors === null ? spec.color : order.map((at) => (at < 0 ? spec.color : colors[at])) };
    return [{ type: "scatter3d", mode: "lines", ...points, line, opacity: spec.opacity, hovertemplate: HINT }];
  }
  const marker = { size: spec.size, color: colors ?? spec.color, line: { width: 0 }, opacity: spec.opacity };
  return [{ type: "scatter3d", mode: "markers", ...columns.points, marker, hovertemplate: HINT }];
}

/** Return the lines around the triangles, with a gap after each; order: which vertex each point is, -1 for a gap. */
export function edgesOf({ x, y, z }, { i, j, k }) {
  const order = [];
  for (let face = 0; face < i.length; face += 1) order.push(i[face], j[face], k[face], i[face], -1);
  const along = (values) => order.map((at) => (at < 0 ? null : values[at]));
  return { x: along(x), y: along(y), z: along(z), order };
}

/** Return the layout of a panel. palette: the colours and the font of the theme. */
export function layoutOf(bounds, camera, axes, palette) {
  const axis = (name, place) => ({
    visible: axes, title: { text: axes ? name : "" }, showbackground: false, showspikes: false, nticks: 5,
    color: palette.text, gridcolor: palette.grid, zerolinecolor: palette.grid, tickfont: { size: 10 },
    ...(bounds ? { range: bounds[place], autorange: false } : {}),
  });
  return {
    autosize: true, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false,
    paper_bgcolor: "rgba(0,0,0,0)", font: { family: palette.font.replace(/^\S+ /, ""), color: palette.text, size: 11 },
    scene: {
      xaxis: axis("x", 0), yaxis: axis("y", 1), zaxis: axis("z", 2),
      aspectmode: "cube", dragmode: camera.up?.z === 1 ? "turntable" : "orbit", camera, bgcolor: "rgba(0,0,0,0)",
    },
  };
}
