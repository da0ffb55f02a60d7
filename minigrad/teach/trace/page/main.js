// -- where we are, and how to move -------------------------------------------------------------------------------------

const OPS = DATA.rows.filter((row) => row.kind === "op").map((row) => row.row);
const positions = [{ kind: "start", hash: "start", reached: -1, done: 0 }];
OPS.forEach((row, n) => positions.push({ kind: "forward", hash: `forward-${n + 1}`, row, reached: row, done: 0,
  edges: DATA.rows[row].arguments.map((_, i) => `${row}:${i}`), touched: DATA.rows[row].arguments.map((one) => one.row) }));
DATA.steps.forEach((step) => {
  const sent = step.inputs.map((given, i) => [given, i]).filter(([given]) => given.wants && given.contribution);
  positions.push({ kind: "backward", hash: `step-${step.step + 1}`, step: step.step, row: step.row, reached: Infinity, done: step.step + 1,
    edges: sent.map(([, i]) => `${step.row}:${i}`), touched: sent.map(([given]) => given.row),
    completes: sent.some(([given]) => given.kind === "parameter" && given.received === given.of) });
});
positions.push({ kind: "end", hash: "end", reached: Infinity, done: DATA.steps.length });
let here = 0;

function announce(text) {
  document.getElementById("said").textContent = text;
}

function go(to) {
  here = Math.max(0, Math.min(positions.length - 1, to));
  draw();
  try {
    history.replaceState(null, "", "#" + positions[here].hash);
  } catch {
    // A frame in a notebook has no address of its own, and some browsers refuse after a hundred moves in a row.
  }
}

// A click on a row goes to the op's step on the way that we are on, forward or back.
function goToRow(row) {
  const back = positions[here].kind === "backward" || positions[here].kind === "end";
  const wanted = back ? "backward" : "forward";
  let to = positions.findIndex((position) => position.kind === wanted && position.row === row);
  if (to < 0 && back) to = positions.findIndex((position) => position.kind === "backward" && DATA.steps[position.step].inputs.some((given) => given.row === row && given.received === given.of));
  if (to < 0) to = positions.findIndex((position) => position.kind === "forward" && position.touched.includes(row));
  if (to >= 0) go(to);
  focusOn("#rows .now button");
}

// What had the focus was drawn anew: the reader goes on from the same place.
function focusOn(selector) {
  document.querySelector(selector)?.focus({ preventScroll: true });
}

function nextParameter() {
  const to = positions.findIndex((position, i) => i > here && position.completes);
  go(to < 0 ? positions.length - 1 : to);
}

function draw() {
  const position = positions[here];
  const focused = ["rows", "step"].find((id) => document.getElementById(id).contains(document.activeElement));
  const [panel, said] = { start: startPanel, forward: forwardPanel, backward: backwardPanel, end: endPanel }[position.kind](position);
  document.body.classList.toggle("is-backward", position.kind === "backward" || position.kind === "end");
  document.getElementById("step").replaceChildren(...panel.filter(Boolean));
  drawTape(position);
  markGraph(position);
  const words = { start: "start", forward: `forward ${here} of ${OPS.length}`, backward: `backward ${(position.step ?? 0) + 1} of ${DATA.steps.length}`, end: "end" };
  document.getElementById("counter").textContent = words[position.kind];
  document.getElementById("slider").value = here;
  document.getElementById("slider").setAttribute("aria-valuetext", words[position.kind]);
  document.getElementById("permalink").href = "#" + position.hash;
  // Not `disabled`, which would take the focus from the button that was just pressed.
  for (const id of ["first", "back"]) document.getElementById(id).setAttribute("aria-disabled", here === 0);
  for (const id of ["next", "last"]) document.getElementById(id).setAttribute("aria-disabled", here === positions.length - 1);
  if (focused) focusOn(focused === "rows" ? "#rows .now button" : "#step");
  announce(said);
}

function markGraph(position) {
  document.querySelectorAll("#graph .now").forEach((node) => node.classList.remove("now"));
  if (position.row === undefined) return;
  const node = document.querySelector(`#graph #row-${position.row}`) || document.querySelector(`#graph .row-${position.row}`);
  if (!node) return;
  node.classList.add("now");
  const box = document.getElementById("graph"), around = box.getBoundingClientRect(), at = node.getBoundingClientRect();
  // Not scrollIntoView, which would move the whole page: on a phone, away from the step to the graph below it.
  if (at.top < around.top || at.bottom > around.bottom) box.scrollTop += at.top - around.top - box.clientHeight / 2;
}

function togglePredicting() {
  predicting = !predicting;
  revealed.clear();
  document.getElementById("predict").setAttribute("aria-pressed", String(predicting));
  draw();
}

function toggleTheme() {
  const theme = document.documentElement.dataset;
  theme.theme = theme.theme === "dark" ? "light" : "dark";
  draw();  // the heat-maps are painted in the theme's colours
}

function goToHash() {
  const to = positions.findIndex((position) => "#" + position.hash === location.hash);
  if (to >= 0 && to !== here) go(to);
}

document.getElementById("result").textContent = DATA.name;
document.getElementById("about").textContent = `${DATA.steps.length} steps back to ${DATA.gradients.length} ${DATA.gradients.length === 1 ? "leaf" : "leaves"}.`
  + (DATA.is_kept ? "" : " Not all values were kept: compute inside “with mg.Tape():” to see them all, and to have gradients checked.");
if (FOLDS.length) {
  const note = document.getElementById("folded");
  note.hidden = false;
  note.textContent = `${DATA.rows.length} rows are folded by module into ${FOLDS.length} groups; the one we are in is open.`;
}
if (DATA.graph) {
  document.getElementById("graph").innerHTML = DATA.graph;
  document.getElementById("graph").hidden = false;
  document.querySelector("main").classList.add("with-graph");
}
document.getElementById("slider").max = positions.length - 1;
document.getElementById("slider").addEventListener("input", (event) => go(Number(event.target.value)));
const BUTTONS = { first: () => go(0), back: () => go(here - 1), next: () => go(here + 1), last: () => go(positions.length - 1), parameter: nextParameter, predict: togglePredicting, theme: toggleTheme };
for (const [id, action] of Object.entries(BUTTONS)) document.getElementById(id).addEventListener("click", action);
const KEYS = { ArrowRight: "next", n: "next", N: "next", ArrowLeft: "back", p: "back", P: "back", Home: "first", End: "last", ".": "parameter", h: "predict", H: "predict", t: "theme", T: "theme" };
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input:not([type=range])")) return;
  if (event.target.matches("input") && event.key.length > 1) return;  // the slider has its own arrows
  const onControl = event.target.matches("button, a, summary, td");
  const id = event.key === " " && !onControl ? "next" : KEYS[event.key];
  if (!id) return;
  event.preventDefault();
  BUTTONS[id]();
});
addEventListener("hashchange", goToHash);
draw();
goToHash();
