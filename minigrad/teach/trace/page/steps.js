// -- what is told of a step -------------------------------------------------------------------------------------------

const chosen = {};  // by step and input: the element that is taken apart
let predicting = false;
const revealed = new Set();  // numbers that were asked for, while predicting

function nameOf(row, output) {
  return DATA.rows[row].outputs[output || 0].name;
}

function mathElement(html, text) {
  const element = make("div", { class: "rule" });
  if (html) element.innerHTML = html;
  else element.append(text);
  return element;
}

function heading(title, row) {
  const where = row.file ? [" ", make("span", { class: "soft" }, `${row.file}:${row.line}`)] : [];
  return [
    make("h2", {}, ...title, row.module ? make("span", { class: "soft" }, ` in ${row.module}`) : null),
    make("p", { class: "line" }, row.source ? make("code", {}, row.source) : null, ...where),
  ];
}

function checkElement(check) {
  if (!check) return null;
  const where = check.place.length ? ` at [${check.place.join(", ")}]` : "";
  const words = {
    agrees: `✓ finite difference ${short(check.slope)}${where}`,
    differs: `✗ finite difference ${short(check.slope)}, not ${short(check.gradient)}${where}`,
    kink: `∧ at a kink${where}: no one slope to compare with`,
  };
  return make("span", { class: "check " + check.verdict, title: "the value was moved a little up and down, and the change of the result measured" }, words[check.verdict]);
}

function chip(value, below, kind) {
  return make("span", { class: "chip " + (kind || "") }, numberElement(value), below ? make("small", {}, below) : null);
}

// A number that is hidden while predicting: a place for a guess, and a button that shows it.
function hideable(key, value, below, kind, then) {
  if (!predicting || revealed.has(key)) return chip(value, below, kind);
  const answer = make("span", { class: "verdict", role: "status" });
  const show = () => { revealed.add(key); then(); };
  const guess = make("input", { class: "guess", placeholder: "your guess", "aria-label": `your guess of ${below || "the result"}`, inputmode: "decimal",
    onkeydown: (event) => {
      event.stopPropagation();
      if (event.key !== "Enter") return;
      const given = Number(event.target.value.replace(",", ".")), right = toNumber(value);
      const isRight = event.target.value !== "" && Math.abs(given - right) <= 0.005 * Math.max(Math.abs(right), 1e-9) + 1e-12;
      if (isRight) { show(); announce("Right."); }
      else { answer.className = "verdict wrong"; answer.textContent = "not that"; }
    } });
  return make("span", { class: "group" }, guess, make("button", { class: "hidden-number", onclick: show, "aria-label": `show ${below || "the result"}` }, "?"), answer);
}

const isHidden = (key) => predicting && !revealed.has(key);

// -- forward

function forwardPanel(position) {
  const row = DATA.rows[position.row], panel = [];
  panel.push(...heading(["Forward: ", make("span", { class: "badge-op" }, row.op), ` makes ${row.outputs.map((one) => one.name).join(", ")}`], row));
  const formula = DATA.rules[row.pair]?.formula;
  if (row.not_finite) panel.push(make("div", { class: "card trouble" }, make("strong", {}, "Not finite: "), row.not_finite + "."));
  const views = [];
  const argumentViews = row.arguments.map((argument) => {
    if (argument.row === null) {
      return argument.constant === null ? null : make("figure", {}, make("div", { class: "title" }, argument.argument), make("span", { class: "number" }, String(argument.constant)));
    }
    const value = DATA.rows[argument.row].outputs[argument.output];
    const image = DATA.rows[argument.row].kind === "input";
    const view = arrayView(value.value, { title: titleOf(argument.argument, value.name), missing: notKept(value), image });
    views.push([argument, view]);
    return view;
  });
  const outputs = row.outputs.map((output) => {
    const canLight = sourcesOf(row, output.shape.map(() => 0));
    const hover = canLight && ((place) => {
      const sources = place && sourcesOf(row, place);
      row.arguments.forEach((argument, i) => views.filter(([one]) => one === argument).forEach(([, view]) => view.light(sources ? sources[i] || null : null)));
    });
    return arrayView(output.value, { title: output.name, missing: notKept(output), hover: hover || undefined });
  });
  const key = `forward:${position.row}`;
  const hidden = isHidden(key);
  panel.push(make("div", { class: "card values" }, formula ? mathElement(formula.html, formula.text) : null,
    make("div", { class: "arrays" }, argumentViews),
    make("h3", {}, "gives"),
    hidden ? make("button", { class: "hidden-number", onclick: () => { revealed.add(key); draw(); } }, "show the result") : make("div", { class: "arrays" }, outputs),
    !hidden && sourcesOf(row, row.outputs[0].shape.map(() => 0)) && row.outputs[0].shape.length ? make("p", { class: "quiet" }, "Point at an element of the result: what it was computed from lights up.") : null));
  const step = DATA.steps.find((one) => one.row === position.row);
  const names = step ? step.cache.map((kept) => kept.name).filter(Boolean) : [];
  const kept = step && step.cache.length ? `For its backward it keeps ${names.length === step.cache.length ? names.join(", ") : `${step.cache.length} array${step.cache.length > 1 ? "s" : ""}`}.` : "For its backward it keeps no array.";
  const users = [...new Set(row.users)].map((user) => DATA.rows[user].outputs[0].name);
  const uses = row.users.length ? ` ${row.outputs[0].name} is used ${row.users.length === 1 ? "once" : `${row.users.length} times`}: for ${users.join(", ")}. So ${row.users.length === 1 ? "one contribution" : `${row.users.length} contributions`} to its gradient will come back.` : " It is the result: backward starts here.";
  panel.push(make("p", { class: "quiet" }, kept + uses));
  return [panel, `Forward. ${row.op} makes ${row.outputs[0].name}${row.outputs[0].value ? ", " + brief(row.outputs[0].value) : ""}.`];
}

const titleOf = (role, name) => (name === role || name.startsWith(role + " of ") ? name : `${role} = ${name}`);
const notKept = (value) => `not kept (${shapeText(value.shape)}): compute inside “with mg.Tape():”`;

// -- backward

function backwardPanel(position) {
  const step = DATA.steps[position.step], panel = [], said = [];
  const names = step.outputs.map((one) => one.name).join(", ");
  panel.push(...heading([`Step ${step.step + 1} of ${DATA.steps.length}: `, make("span", { class: "badge-op" }, step.op), ` sends the gradient of ${names} on`], step));
  said.push(`Step ${step.step + 1} of ${DATA.steps.length}, ${step.op}.`);
  if (step.not_finite) panel.push(make("div", { class: "card trouble" }, make("strong", {}, "Not finite: "), step.not_finite + "."));
  step.outputs.forEach((output, i) => { panel.push(upstreamCard(step, output, i)); said.push(`The gradient of ${output.name} is ${step.upstream[i] ? brief(step.upstream[i]) : "none"}.`); });
  step.inputs.forEach((given, i) => {
    const card = inputCard(step, given, i, said);
    if (card) panel.push(card);
  });
  const unwanted = step.inputs.filter((given) => !given.wants && given.row !== null).map((given) => given.name);
  if (unwanted.length) panel.push(make("p", { class: "quiet" }, `${unwanted.join(", ")}: no gradient is wanted.`));
  panel.push(waitingElement(step));
  if (step.cache.length) {
    const views = step.cache.map((kept) => arrayView(kept.value, { title: kept.name || "made in forward" }));
    panel.push(make("details", {}, make("summary", {}, `Kept by forward for this step (${step.cache.length})`), make("div", { class: "arrays" }, views)));
  }
  return [panel, said.join(" ")];
}

function upstreamCard(step, output, i) {
  const gradient = step.upstream[i];
  const came = step.came[i].map(([number, input]) => [DATA.steps[number], DATA.steps[number].inputs[input]]);
  const card = make("div", { class: "card upstream" }, make("h3", {}, "Upstream: the gradient of ", make("code", {}, output.name), " is complete"));
  if (!gradient) {
    card.append(make("p", { class: "quiet" }, "— nothing arrived here, so nothing is sent on."));
    return card;
  }
  const isScalar = !gradient.shape.length;
  if (isScalar && came.length > 1) {
    const sum = make("div", { class: "sum" });
    came.forEach(([earlier, given], n) => {
      if (n) sum.append(make("span", { class: "sign" }, "+"));
      sum.append(chip(sentTo(given).values[0], `step ${earlier.step + 1}`));
    });
    sum.append(make("span", { class: "sign" }, "="), chip(gradient.values[0], output.name, "dout"));
    card.append(sum);
  } else if (isScalar) {
    card.append(make("div", { class: "sum" }, chip(gradient.values[0], came.length ? `from step ${came[0][0].step + 1}` : "backward starts with it", "dout")));
  } else {
    const from = came.length ? `from step ${[...new Set(came.map(([earlier]) => earlier.step + 1))].join(" + ")}` : "backward starts with it";
    card.append(make("div", { class: "arrays" }, arrayView(gradient, { title: from })));
  }
  if (step.hooked) card.append(make("p", { class: "quiet" }, "A hook has had its hands on it."));
  const why = step.step === 0 ? "It is the last record, and nothing used it: backward starts here."
    : `All that used ${output.name} came later on the tape, so it has been visited already, and nothing more can arrive.`;
  card.append(make("p", { class: "quiet" }, why, " ", checkElement(step.checks[i]) || ""));
  return card;
}

// What is added to an argument's gradient: the contribution, summed where the argument had been broadcast.
const sentTo = (given) => (given.summed ? given.summed.total : given.contribution);

function inputCard(step, given, i, said) {
  if (!given.wants) return null;
  const card = make("div", { class: "card" });
  const rule = ruleFor(step, given);
  card.append(make("h3", {}, "To ", make("code", {}, given.name), given.argument !== given.name ? make("span", { class: "soft" }, ` (argument ${given.argument})`) : null));
  if (rule) card.append(mathElement(rule.html, rule.text));
  if (!given.contribution) {
    card.append(make("p", { class: "quiet" }, "Nothing is sent: this argument has no influence here."));
    said.push(`To ${given.name} nothing.`);
    return card;
  }
  const key = `${step.step}:${i}`;
  const one = sumOf(given, key);
  if (one) {
    card.append(arithmetic(step, given, one, key));
    const products = one.terms.map((term) => `${short(term.upstream)} times ${short(term.local)}`).join(" plus ");
    said.push(isHidden(key) ? `To ${given.name}: predict.` : `To ${given.name}: ${products || "0"}${one.others ? ` and ${one.others} more` : ""} is ${short(one.total)}.`);
  } else card.append(make("p", { class: "quiet" }, DATA.is_kept ? "It is not taken apart here: the arrays are too large, or it is no sum of products of what arrived. The whole contribution is below." : "The factors were not kept: compute inside “with mg.Tape():” to see them."));
  if (isHidden(key)) return card;
  const shape = given.contribution.shape;
  if (shape.length) {
    const choose = given.sums.length > 1 ? (index) => { chosen[key] = index; draw(); focusOn(`[data-choose="${key}"][data-index="${index}"]`); } : undefined;
    card.append(make("div", { class: "arrays" }, arrayView(given.contribution, { title: "the whole contribution" + (choose ? ": choose an element" : ""), choose, key, chosen: one ? indexOf(one.place, shape) : undefined })));
  }
  if (given.summed) {
    const axes = given.summed.axes.join(" and ");
    card.append(make("div", { class: "summed" }, make("h3", {}, `Summed over axis ${axes}: ${shapeText(given.summed.from)} → ${shapeText(given.summed.to)}`),
      make("p", { class: "quiet" }, `${given.name} had been broadcast: each of its elements was used several times, so its contributions are added.`),
      arrayView(given.summed.total, {})));
  }
  card.append(accumulation(given, sentTo(given)));
  said.push(`The gradient of ${given.name} is now ${brief(given.after)}, ${given.received} of ${given.of}.`);
  return card;
}

function sumOf(given, key) {
  if (!given.sums.length) return null;
  if (chosen[key] !== undefined) {
    const wanted = given.sums.find((sum) => indexOf(sum.place, given.contribution.shape) === chosen[key]);
    if (wanted) return wanted;
  }
  return given.sums.reduce((best, sum) => (Math.abs(toNumber(sum.total)) > Math.abs(toNumber(best.total)) ? sum : best));
}

function arithmetic(step, given, one, key) {
  const at = (place) => (place.length ? `[${place.join(", ")}]` : "");
  const sum = make("div", { class: "sum", "data-sum": key });
  one.terms.forEach((term, n) => {
    if (n) sum.append(make("span", { class: "sign" }, "+"));
    const several = step.outputs.length > 1 ? step.outputs[term.output].name : "upstream";
    sum.append(make("span", { class: "group" }, chip(term.upstream, several + at(term.place), "dout"), make("span", { class: "sign" }, "×"), chip(term.local, localName(step, given, one), "local")));
  });
  if (!one.terms.length) sum.append(chip(0, "no output depends on it"));
  if (one.others) sum.append(make("span", { class: "sign" }, "+"), chip(one.rest, toNumber(one.rest) === 0 ? `${one.others} more, all 0` : `${one.others} more`));
  sum.append(make("span", { class: "sign" }, "="), hideable(key, one.total, "contribution" + at(one.place), "total", draw));
  return sum;
}

// The rule for an argument; arrays[1] is one of the argument arrays.
function ruleFor(step, given) {
  return DATA.rules[step.pair]?.gradients[given.argument.split("[")[0]];
}

// What the local factor is, in the user's words where it is one of the op's arguments (`a`, for the b of b * a).
function localName(step, given, one) {
  const rule = ruleFor(step, given);
  if (!rule || !rule.local || one.terms.length > 1) return "local";
  const factor = step.inputs.find((other) => other.argument === rule.local);
  const name = factor ? (factor.row === null ? factor.argument : factor.name) : rule.local;
  return name.length > 16 ? "local" : `local: ${name}`;
}

function accumulation(given, sent) {
  const complete = given.received === given.of;
  const count = make("span", { class: "received" + (complete ? " complete" : "") },
    complete ? `received ${given.received} of ${given.of}: complete` : `received ${given.received} of ${given.of}: waits for the rest`);
  const isScalar = !sent.shape.length;
  const label = make("h3", {}, "Gradient of ", make("code", {}, given.name));
  if (isScalar) {
    const sum = make("div", { class: "sum", "data-after": given.row });
    if (given.before) sum.append(chip(given.before.values[0], "so far"), make("span", { class: "sign" }, "+"), chip(sent.values[0], "now", "total"), make("span", { class: "sign" }, "="));
    else sum.append(make("span", { class: "chip" }, make("span", { class: "number" }, "—"), make("small", {}, "no gradient yet")), make("span", { class: "sign" }, "→"));
    sum.append(chip(given.after.values[0], "after", "after"), count);
    return make("div", {}, label, sum);
  }
  if (!given.before && !given.summed) return make("div", {}, label, make("p", { class: "quiet" }, "No gradient before; now it is this contribution. ", count));
  const views = [arrayView(given.before, { title: "so far" }), arrayView(given.after, { title: given.before ? "so far + contribution" : "now" })];
  return make("div", {}, label, make("div", { class: "arrays" }, views), make("p", {}, count));
}

function waitingElement(step) {
  if (!step.waiting.length) return make("p", { class: "quiet" }, "Nothing is half done: each gradient that has begun to arrive is complete.");
  const names = step.waiting.map((one) => `${one.name} (received ${one.received} of ${one.of})`).join(", ");
  return make("p", { class: "quiet" }, make("strong", {}, "Still waiting: "), `${names}. ${step.waiting.length === 1 ? "It is" : "They are"} used by records that have not been visited yet.`);
}

// -- the two ends

function startPanel() {
  const leaves = DATA.rows.filter((row) => row.kind !== "op");
  const views = leaves.map((row) => arrayView(row.outputs[0].value, { title: `${row.outputs[0].name}${row.kind === "parameter" ? " · wants a gradient" : ""}`, missing: notKept(row.outputs[0]), image: row.kind === "input" }));
  const count = DATA.rows.length - leaves.length;
  const keys = make("p", { class: "quiet" }, make("kbd", {}, "→"), " next, ", make("kbd", {}, "←"), " back, ", make("kbd", {}, "Home"), " ", make("kbd", {}, "End"), " first and last, ",
    make("kbd", {}, "."), " next parameter, ", make("kbd", {}, "H"), " predict first, ", make("kbd", {}, "T"), " light or dark.");
  return [[make("h2", {}, "Before anything is computed"),
    make("p", {}, `${leaves.length} ${leaves.length === 1 ? "leaf" : "leaves"}, and a tape of ${count} op${count === 1 ? "" : "s"}. First the forward pass writes the tape from top to bottom; then backward reads it from the bottom to the top.`),
    make("div", { class: "card values" }, make("div", { class: "arrays" }, views.slice(0, 24)), views.length > 24 ? make("p", { class: "quiet" }, `and ${views.length - 24} more`) : null), keys],
    `Before anything is computed. ${leaves.length} leaves, ${count} ops.`];
}

function endPanel() {
  const rows = DATA.gradients.map((one) => make("tr", { "data-leaf": one.name }, make("td", {}, make("code", {}, one.name)),
    make("td", {}, one.gradient ? (one.gradient.shape.length ? arrayView(one.gradient, {}) : numberElement(one.gradient.values[0])) : "— nothing arrived"),
    make("td", {}, one.before ? [brief(one.before), " + this = ", brief(one.after)] : "—"), make("td", {}, one.hooked ? "what a hook made of it" : checkElement(one.check) || "")));
  const some = DATA.gradients.some((one) => one.before);
  const note = some ? "A .grad that was there already is added to: call zero_grad() before each backward(), unless that is what you want." : "";
  return [[make("h2", {}, "All gradients are complete"), make("p", {}, "This is what backward() adds to .grad of each leaf, number by number."),
    make("div", { class: "card done" }, make("table", { class: "gradients" }, make("thead", {}, make("tr", {}, ...["leaf", "gradient", ".grad before, and after", "measured"].map((word) => make("th", { scope: "col" }, word)))), make("tbody", {}, rows))),
    note ? make("p", { class: "quiet" }, note) : null],
    "All gradients are complete. " + DATA.gradients.map((one) => `${one.name}: ${brief(one.gradient)}`).join(", ")];
}
