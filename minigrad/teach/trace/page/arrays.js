// -- elements of the page, numbers, arrays ----------------------------------------------------------------------------

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function toNumber(value) {
  return value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value);
}

// A number in at most five digits, as the terminal writes it.
function short(value) {
  const number = toNumber(value);
  if (typeof value === "boolean") return String(value);
  if (!Number.isFinite(number)) return String(value);
  if (Number.isInteger(number) && Math.abs(number) < 1e6) return String(number);
  const size = Math.abs(number);
  if (size >= 1e-4 && size < 1e6) return String(Number(number.toPrecision(5)));
  return number.toPrecision(4).replace(/\.?0+e/, "e");
}

function numberElement(value, kind) {
  return make("span", { class: "number " + (kind || ""), "data-value": value }, short(value));
}

const sizeOf = (shape) => shape.reduce((product, n) => product * n, 1);
const shapeText = (shape) => (shape.length ? shape.join(" × ") : "scalar");
const briefShape = (shape) => (shape.length === 1 ? `(${shape[0]},)` : shapeText(shape).replaceAll(" × ", "×"));  // 3 alone would be a number

function placeOf(index, shape) {
  const place = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place.unshift(index % shape[axis]);
    index = Math.floor(index / shape[axis]);
  }
  return place;
}

function indexOf(place, shape) {
  return place.reduce((index, n, axis) => index * shape[axis] + n, 0);
}

// What can be said of an array in a line: a number, a list that is no longer than `room` letters, or its shape.
function brief(array, room = 40) {
  if (!array) return "—";
  if (!array.shape.length) return short(array.values[0]);
  const list = array.values && `[${array.values.map(short).join(", ")}]`;
  return list && array.values.length <= 3 && list.length <= room ? list : briefShape(array.shape);
}

// The same of a gradient, of which one asks how large it is: a bound in two digits, rounded up.
function briefGradient(array, room) {
  const told = brief(array, room);
  if (!array || !array.shape.length || told.startsWith("[") || array.max === null || array.max === undefined) return told;
  const largest = Math.max(Math.abs(toNumber(array.min)), Math.abs(toNumber(array.max)));
  const digit = 10 ** (Math.floor(Math.log10(largest || 1)) - 1);
  return `|·| ≤ ${Number((Math.ceil(largest / digit - 1e-9) * digit).toPrecision(2))}`;
}

function statistics(array) {
  const parts = [shapeText(array.shape), array.dtype];
  if (array.min !== undefined && array.min !== null) {
    parts.push(`min ${short(array.min)}, mean ${short(array.mean)}, max ${short(array.max)}`);
  }
  if (array.zeros) parts.push(`${Math.round(array.zeros * 1000) / 10} % zeros`);
  if (array.not_finite) parts.push(`${array.not_finite} not finite`);
  if (array.pool && (array.pool[0] > 1 || array.pool[1] > 1)) {
    parts.push(`each cell is the mean of ${array.pool[0]} × ${array.pool[1]} elements`);
  }
  if (array.sheets > array.tiles?.length) parts.push(`the first ${array.tiles.length} of ${array.sheets}`);
  return parts.join(" · ");
}

// A value's colour: white at 0, the deeper the further from it. In light and dark the text stays readable.
function shade(value, scale) {
  const number = toNumber(value);
  if (!Number.isFinite(number)) return "background: var(--bad); color: var(--sheet)";
  const strength = scale ? Math.min(1, Math.abs(number) / scale) * 0.5 : 0;
  return strength ? `background: rgba(var(${number < 0 ? "--low" : "--high"}), ${strength.toFixed(3)})` : "";
}

// A view of an array. options: title; image, to be painted in grey; choose(index), when an element is clicked, its key, and chosen; hover(place or null).
// The view can light elements: view.light([[from, to, step], ...]), a range for each axis, or null for none.
function arrayView(array, options = {}) {
  const title = options.title ? make("div", { class: "title" }, options.title) : null;
  if (!array) {
    const text = options.missing || "no gradient yet";
    const nothing = make("figure", {}, title, make("span", { class: "quiet" }, text === "no gradient yet" ? "— no gradient yet" : text));
    nothing.light = () => {};
    return nothing;
  }
  if (!array.shape.length) {
    const scalar = make("figure", {}, title, numberElement(array.values[0]));
    scalar.light = (ranges) => scalar.classList.toggle("lit", Boolean(ranges));
    return scalar;
  }
  return array.values ? tableView(array, title, options) : tilesView(array, title, options);
}

// A table of the last two axes, for each place on the axes before them.
function tableView(array, title, options) {
  const columns = array.shape.at(-1), rows = array.shape.length > 1 ? array.shape.at(-2) : 1;
  const scale = Math.max(...array.values.map(toNumber).filter(Number.isFinite).map(Math.abs), 0);
  const tight = columns > 8 || (array.values.length > 36 && columns > 4);
  const cells = array.values.map((value, index) => {
    const place = placeOf(index, array.shape);
    const choose = options.choose && (() => options.choose(index));
    return make("td", {
      style: shade(value, scale), "data-value": value, "data-index": index, title: `[${place.join(", ")}] ${short(value)}`,
      "data-choose": choose ? options.key : null, tabindex: choose ? 0 : null, class: index === options.chosen ? "chosen" : null,
      onclick: choose || undefined, onkeydown: choose ? (event) => { if (event.key === "Enter" || event.key === " ") { choose(); event.preventDefault(); event.stopPropagation(); } } : undefined,
      onmouseenter: options.hover ? () => options.hover(place) : undefined,
      onmouseleave: options.hover ? () => options.hover(null) : undefined,
    }, short(value));
  });
  const lead = array.shape.slice(0, -2), tables = [];
  for (let sheet = 0; sheet * rows * columns < cells.length; sheet++) {
    const lines = Array.from({ length: rows }, (_, row) => make("tr", {}, cells.slice((sheet * rows + row) * columns, (sheet * rows + row + 1) * columns)));
    const label = sizeOf(lead) > 1 ? make("div", { class: "title" }, `[${placeOf(sheet, lead).join(", ")}]`) : null;
    tables.push(make("div", {}, label, make("table", { class: "array" + (tight ? " tight" : "") }, make("tbody", {}, lines))));
  }
  const caption = tight ? statistics(array) : `${shapeText(array.shape)} · ${array.dtype}`;
  const view = make("figure", {}, title, make("div", { class: "tiles" }, tables), make("figcaption", {}, caption));
  view.light = (ranges) => cells.forEach((cell, index) => {
    cell.classList.toggle("lit", Boolean(ranges) && within(placeOf(index, array.shape), ranges));
  });
  return view;
}

function within(place, ranges) {
  return place.every((n, axis) => n >= ranges[axis][0] && n < ranges[axis][1] && (n - ranges[axis][0]) % ranges[axis][2] === 0);
}

function tilesView(array, title, options) {
  const [rows, columns] = array.tile_shape;
  const scale = Math.max(1, Math.min(8, Math.floor((array.tiles.length > 1 ? 150 : 420) / Math.max(columns, rows * 0.8))));
  const asImage = options.image && rows >= 8 && columns >= 8;
  const lead = array.shape.slice(0, -2);
  const low = toNumber(array.min ?? 0), high = toNumber(array.max ?? 1);
  const tiles = array.tiles.map((encoded, number) => {
    const canvas = make("canvas", { width: columns, height: rows, style: `width: ${columns * scale}px; height: ${rows === 1 ? 16 : rows * scale}px` });
    paint(canvas, encoded, low, high, asImage);
    const tile = make("div", { class: "tile" }, canvas);
    if (options.hover) {
      canvas.addEventListener("mousemove", (event) => {
        const box = canvas.getBoundingClientRect();
        const row = Math.min(Math.floor((event.clientY - box.top) / box.height * rows) * array.pool[0], (array.shape.at(-2) ?? 1) - 1);
        const column = Math.min(Math.floor((event.clientX - box.left) / box.width * columns) * array.pool[1], array.shape.at(-1) - 1);
        options.hover(array.shape.length === 1 ? [column] : [...placeOf(number, lead), row, column]);
      });
      canvas.addEventListener("mouseleave", () => options.hover(null));
    }
    return tile;
  });
  const label = `${options.title || "array"}: ${statistics(array)}`;
  const view = make("figure", { role: "img", "aria-label": label }, title, make("div", { class: "tiles" }, tiles), make("figcaption", {}, statistics(array)));
  view.light = (ranges) => tiles.forEach((tile, number) => {
    tile.querySelectorAll(".lit").forEach((lit) => lit.remove());
    if (!ranges || !within(placeOf(number, lead), ranges)) return;
    const [down, across] = array.shape.length === 1 ? [[0, 1, 1], ranges[0]] : ranges.slice(-2);
    const percent = (n, pool, cells) => `${Math.min(100, n / pool / cells * 100)}%`;
    tile.append(make("div", { class: "lit", style:
      `top: ${percent(down[0], array.pool[0], rows)}; height: ${percent(down[1] - down[0], array.pool[0], rows)}; ` +
      `left: ${percent(across[0], array.pool[1], columns)}; width: ${percent(across[1] - across[0], array.pool[1], columns)}` }));
  });
  return view;
}

// Images in grey; everything else from blue over the paper's colour at 0 to orange.
function paint(canvas, encoded, low, high, asImage) {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).split(",").map(Number);
  const [negative, positive] = [colour("--low"), colour("--high")];
  const largest = Math.max(Math.abs(low), Math.abs(high)) || 1;
  bytes.forEach((byte, i) => {
    const value = low + (high - low) * byte / 255;
    const rgb = asImage ? [byte, byte, byte] : value < 0 ? negative : positive;
    pixels.data.set([...rgb, asImage ? 255 : Math.round(Math.min(1, Math.abs(value) / largest) * 255)], i * 4);
  });
  context.putImageData(pixels, 0, 0);
}
