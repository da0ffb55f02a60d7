// -- the tape: one row for each leaf and each op, with arcs from what was used to what used it -------------------------

const LONG = 150, CHUNK = 60, ENOUGH = 3;  // rows, from which on they are folded; at most so many to a fold; on average at least
const opened = new Set();  // folds that the reader has opened
const FOLDS = foldsOf(DATA.rows);
let shown = [];  // what stands in the list: {row} or {fold}

// Neighbouring rows of one module, or of none, {key, from, to}; [] for a short tape. Where modules take turns after a few
// rows each, as in a recurrent network, the modules around them are what is folded.
function foldsOf(rows) {
  if (rows.length <= LONG) return [];
  const all = [2, 1, 0].map((depth) => foldsAt(rows, depth));
  return all.find((folds) => folds.length <= rows.length / ENOUGH) || all.at(-1);
}

function foldsAt(rows, depth) {
  const keys = rows.map((row) => row.module.split(".").slice(0, depth).join("."));
  for (let i = rows.length - 2; i >= 0; i--) if (rows[i].kind !== "op") keys[i] = keys[i + 1];  // a leaf goes with its user
  const folds = [];
  keys.forEach((key, i) => {
    const fold = folds.at(-1);
    if (fold && fold.key === key && i - fold.from < CHUNK) fold.to = i;
    else folds.push({ key, from: i, to: i });
  });
  return folds;
}

const foldOf = (row) => FOLDS.find((fold) => fold.from <= row && row <= fold.to);

// How the gradient of each value grows: {"row:output": [{step, after, received, of}]}.
const GROWTH = {};
DATA.steps.forEach((step, number) => step.inputs.forEach((given) => {
  if (given.wants) (GROWTH[`${given.row}:${given.output}`] ??= []).push({ step: number, after: given.after, received: given.received, of: given.of });
}));

// The gradient of a value when `done` steps have been taken: {after, received, of}, or null before anything came.
function gradientAt(row, output, done) {
  const start = DATA.steps[0];
  if (row === start.row && start.upstream[output]) return { after: start.upstream[output], received: 1, of: 1 };
  return (GROWTH[`${row}:${output}`] || []).filter((event) => event.step < done).at(-1) || null;
}

function drawTape(position) {
  const list = document.getElementById("rows");
  const now = position.row ?? null;
  shown = [];
  if (FOLDS.length) {
    for (const fold of FOLDS) {
      const isOpen = opened.has(fold) || (now !== null && fold.from <= now && now <= fold.to);
      if (isOpen || fold.from === fold.to) for (let row = fold.from; row <= fold.to; row++) shown.push({ row });
      else shown.push({ fold });
    }
  } else DATA.rows.forEach((_, row) => shown.push({ row }));
  const touched = new Set(position.touched || []);
  list.replaceChildren(
    make("li", { class: "head", "aria-hidden": "true" }, ...["name", "op", "value", "gradient"].map((word) => make("span", {}, word))),
    ...shown.map((item) => (item.fold ? foldElement(item.fold) : rowElement(item.row, position, now, touched))),
  );
  drawArcs(position);
  const current = list.querySelector(".now");
  const box = document.getElementById("tape");
  if (current && box.scrollHeight > box.clientHeight) {
    const top = current.offsetTop - box.clientHeight / 2;
    box.scrollTop = Math.max(0, top);
  }
}

function rowElement(index, position, now, touched) {
  const row = DATA.rows[index], value = row.outputs[0];
  const isLater = row.kind === "op" && index > position.reached;
  const asks = position.kind === "backward" && DATA.steps[position.step].inputs.some((given, i) => given.row === index && isHidden(`${position.step}:${i}`));
  const state = position.done ? gradientAt(index, 0, position.done - (asks ? 1 : 0)) : null;
  const gets = row.kind !== "input";
  const gradient = make("span", { class: "gradient mono" + (state && state.received < state.of ? " partial" : ""), "data-gradient": index },
    !gets ? "" : asks ? "?" : state ? briefGradient(state.after, 13) : "—", !asks && state && state.received < state.of ? make("small", {}, ` ${state.received} of ${state.of}`) : null);
  const name = row.outputs.map((output) => output.name).join(", ");
  const what = value.value ? brief(value.value, 9) : briefShape(value.shape);
  const label = `${name}, ${row.op || row.kind}, ${isLater ? "not computed yet" : what}, gradient ${gets ? (state ? brief(state.after) : "none yet") : "not wanted"}`;
  return make("li", { class: `${row.kind}${index === now ? " now" : ""}${touched.has(index) ? " touched" : ""}${isLater ? " later" : ""}${row.not_finite ? " trouble" : ""}`, "data-row": index },
    make("button", { onclick: () => goToRow(index), "aria-label": label, "aria-current": index === now ? "step" : null, title: row.source ? `${row.source}   ${row.file}:${row.line}` : name },
      make("span", { class: "name mono" }, listName(name)), make("span", { class: "op" }, row.op || (row.kind === "parameter" ? "leaf" : "input")),
      make("span", { class: "mono" }, isLater ? "" : what), gradient));
}

// Of a long path the end tells more: conv1.weight, of model.block.conv1.weight.
function listName(name) {
  return name.length > 14 && /^[\w.]+$/.test(name) ? name.split(".").slice(-2).join(".") : name;
}

function foldElement(fold) {
  const count = fold.to - fold.from + 1;
  return make("li", { class: "fold" }, make("button", { onclick: () => { opened.add(fold); drawTape(positions[here]); } },
    make("span", {}, `${fold.key || "rows"} ${fold.key ? "· " : `${fold.from} to ${fold.to} · `}${count} rows`), make("span", {}, "open")));
}

function drawArcs(position) {
  const svg = document.getElementById("arcs"), height = 30, gutter = parseInt(getComputedStyle(document.documentElement).getPropertyValue("--gutter"));
  const at = new Map();
  shown.forEach((item, place) => {
    for (let row = item.row ?? item.fold.from; row <= (item.row ?? item.fold.to); row++) at.set(row, (place + 1.5) * height);
  });
  svg.setAttribute("height", (shown.length + 1) * height);
  const parts = [], strong = [], pairs = new Map();
  const active = new Set(position.edges || []);
  shown.forEach((item) => {
    for (let to = item.row ?? item.fold.from; to <= (item.row ?? item.fold.to); to++) {
      DATA.rows[to].arguments.forEach((argument, i) => {
        if (argument.row === null) return;
        const top = at.get(argument.row), bottom = at.get(to);
        if (top === bottom) return;
        const isActive = active.has(`${to}:${i}`);
        const key = `${top}:${bottom}`, before = pairs.get(key) || 0;
        if (before > 3 && !isActive) return;
        pairs.set(key, before + 1);
        const bend = Math.min(gutter - 10, 9 + 11 * Math.log2(1 + (bottom - top) / height)) + before * 7;
        const x = gutter - 3, out = x - Math.min(bend, gutter - 4) * 4 / 3;
        const kind = isActive ? ` class="${position.kind}"` : "";
        const path = `<path${kind} d="M${x},${top} C${out},${top} ${out},${bottom} ${x},${bottom}"/>`;
        const tip = position.kind === "backward" ? top : bottom;
        (isActive ? strong : parts).push(path + (isActive ? `<path class="tip ${position.kind}" d="M${x + 2},${tip} l-8,-4 v8 z"/>` : ""));
      });
    }
  });
  svg.innerHTML = parts.join("") + strong.join("");
}
