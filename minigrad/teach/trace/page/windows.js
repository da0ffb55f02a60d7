// -- which elements of its arguments an output element was computed from -----------------------------------------------

// For an output element of a product, a convolution or a pool: {argument's place in row.arguments: ranges}.
function sourcesOf(row, place) {
  if (!row.pair) return null;  // a user's own op may have any name
  const shapes = row.arguments.map((argument) => (argument.row === null ? null : DATA.rows[argument.row].outputs[argument.output].shape));
  const one = (n) => [n, n + 1, 1], all = (n) => [0, n, 1];
  const last = place.length - 1;
  if (row.op === "linear") {
    return { 0: [...place.slice(0, -1).map(one), all(shapes[0].at(-1))], 1: [one(place[last]), all(shapes[1][1])], 2: [one(place[last])] };
  }
  if (row.op === "fc") {
    return { 0: [one(place[0]), ...shapes[0].slice(1).map(all)], 1: [all(shapes[1][0]), one(place[1])], 2: [one(place[1])] };
  }
  if (row.op === "matmul") {
    const [left, right] = shapes;
    const lead = place.length - (left.length > 1) - (right.length > 1);  // axes of the batch
    const batch = (shape) => shape.slice(0, -2).map((n, axis) => (n === 1 ? one(0) : one(place[axis + lead - (shape.length - 2)])));
    const down = left.length > 1 ? one(place[right.length > 1 ? last - 1 : last]) : null;
    const across = right.length > 1 ? one(place[last]) : null;
    return { 0: [...batch(left), ...(down ? [down] : []), all(left.at(-1))], 1: right.length > 1 ? [...batch(right), all(right.at(-2)), across] : [all(right[0])] };
  }
  if (!row.window) return null;
  const { kernel, stride, pads, dilation, groups } = row.window;
  const span = (axis, length) => {
    let from = place[2 + axis] * stride[axis] - pads[axis];
    const to = Math.min(length, from + (kernel[axis] - 1) * dilation[axis] + 1);
    if (from < 0) from += Math.ceil(-from / dilation[axis]) * dilation[axis];
    return [from, to, dilation[axis]];
  };
  const [n, o] = place, image = shapes[0];
  if (row.op === "conv_transpose2d") {
    const perGroup = shapes[1][1], group = Math.floor(o / perGroup), channels = image[1] / groups;
    const stamps = [0, 1].map((axis) => stampsOver(place[2 + axis] + pads[axis], image[2 + axis], kernel[axis], stride[axis], dilation[axis]));
    const theirs = [group * channels, (group + 1) * channels, 1];
    return { 0: [one(n), theirs, ...stamps.map(([pixels]) => pixels)], 1: [theirs, one(o % perGroup), ...stamps.map(([, places]) => places)], 2: [one(o)] };
  }
  const seen = [span(0, image[2]), span(1, image[3])];
  if (row.op !== "conv2d") return { 0: [one(n), one(o), ...seen] };
  const perGroup = shapes[1][1], group = Math.floor(o / (shapes[1][0] / groups));
  return { 0: [one(n), [group * perGroup, (group + 1) * perGroup, 1], ...seen], 1: [one(o), ...shapes[1].slice(1).map(all)], 2: [one(o)] };
}

// Along one axis, the pixels whose stamps lie over place `at`, and the places of the stamps that lie there: two ranges.
function stampsOver(at, length, kernel, stride, dilation) {
  const pixels = Array.from({ length }, (_, pixel) => pixel).filter((pixel) => {
    const place = (at - pixel * stride) / dilation;
    return Number.isInteger(place) && place >= 0 && place < kernel;
  });
  const range = (all) => (all.length ? [all[0], all.at(-1) + 1, (all[1] ?? all[0] + 1) - all[0]] : [0, 0, 1]);
  return [range(pixels), range(pixels.map((pixel) => (at - pixel * stride) / dilation).reverse())];
}
