"""Answers to the exercises as students give them: the solution, with a line or two replaced."""

from minigrad.exercises import contents


def namespace(text, file="answer.py"):
    """What a file with this text defines."""
    names = {"__name__": "answer"}
    exec(compile(text, file, "exec"), names)
    return names


def patched(exercise, *patches):
    """The solution's text, with (old, new) replaced; each old must be there."""
    text = contents.solution(exercise)
    for old, new in patches:
        assert old in text, f"{exercise}: there is no {old!r} in the solution"
        text = text.replace(old, new)
    return text


# (exercise, old, new, the part that is wrong, what is said of it)
WRONG = [
    ("square", "dout * 2 * x", "dout * x", "dx", "too small by a factor of 2"),
    ("square", "dout * 2 * x", "2 * x", "dx", "must be multiplied by it"),
    ("diamond", "source.grad += slope", "source.grad = slope", "used twice", "overwrite each other"),
    ("diamond", "in reversed(tape)", "in tape", "a chain", "read forwards"),
    ("diamond", "slope * out.grad", "slope", "a chain", "multiplied by the gradient of the result"),
    ("diamond", "    end.grad = 1.0\n", "", "one result", "every gradient is still 0"),
    ("sigmoid", "dout * out * (1 - out)", "dout * out", "dx", "differences say"),
    ("sigmoid", "np.exp(-x)", "np.exp(x)", "forward", "it should be"),
    ("fc", "dout.sum(axis=0)", "dout", "db", "it must be summed over axis 0"),
    ("fc", "rows.T @ dout", "dout.T @ rows", "dw", "transpose it"),
    ("relu", "(x > 0)", "(dout > 0)", "dx", "mask"),
    ("relu", "dout * (x > 0)", "dout * (1 + x / abs(x)) / 2", "dx", "not finite at a kink"),
    ("fc-relu", "relu_backward(dout, relu_cache)", "dout", "dx", "differences say"),
    ("fc-relu", "return out, (fc_cache", "return hidden, (fc_cache", "forward", "it should be"),
    ("softmax-loss", "return loss, dx / len(x)", "return loss, dx", "dx", "factor"),
    ("softmax-loss", "    dx[true] -= 1\n", "", "dx", "differences say"),
    ("softmax-loss", "shifted = x - x.max(axis=1, keepdims=True)", "shifted = x", "large scores", "is not finite"),
    ("softmax-loss", "np.mean(", "np.sum(", "loss", "it should be"),
    ("two-layer", "db2 = dscores.sum(axis=0)", "db2 = dscores", "db2", "summed over axis 0"),
    (
        "two-layer",
        "x, w1, b1, w2, b2 = (mg.tensor(one, requires_grad=True)",
        "x, w1, b1, w2, b2 = (mg.tensor(one)",
        "by the tape",
        "requires",
    ),
    ("sgd-momentum", "momentum * velocity + dw", "momentum * velocity + lr * dw", "velocity", "lr is in the velocity"),
    ("sgd-momentum", "w - lr * velocity", "w + lr * velocity", "w", "uphill"),
    (
        "sgd-momentum",
        "momentum * velocity + dw",
        "momentum * velocity + (1 - momentum) * dw",
        "velocity",
        "running mean",
    ),
    (
        "sgd-momentum",
        "velocity = momentum * velocity + dw",
        "velocity *= momentum; velocity += dw",
        "inputs left alone",
        "writes into velocity",
    ),
    ("mse", "2 * apart / x.size", "2 * apart", "dx", "multiple"),
    ("mse", "np.mean(apart**2)", "np.sum(apart**2)", "loss", "it should be"),
    (
        "conv2d",
        "dpadded[:, :, top : top + kh, left : left + kw] +=",
        "dpadded[:, :, top : top + kh, left : left + kw] =",
        "dx",
        "overwritten",
    ),
    ("conv2d", "dout.sum(axis=(0, 2, 3))", "dout.sum(axis=0)", "db", "it must be summed over"),
    ("max-pool2d", "] += dout", "] = dout", "dx", "overwritten"),
    (
        "max-pool2d",
        "row, column = np.unravel_index(window.argmax(), window.shape)\n       ",
        "for row, column in np.argwhere(window == window.max()):\n           ",
        "dx",
        "equal",
    ),
    ("batch-norm", " - x_hat * (g * x_hat).mean(axis=0)", "", "dx", "constant"),
    ("batch-norm", "(dout * x_hat).sum(axis=0)", "(dout * x_hat).mean(axis=0)", "dgamma", "factor"),
    ("layer-norm", "(dout * x_hat).sum(axis=0)", "(dout * x_hat).sum(axis=1)", "dgamma", "it must have gamma's shape"),
    ("layer-norm", "g.mean(axis=1, keepdims=True) -", "g.mean(axis=0) -", "dx", "differences say"),
    ("dropout", "return dout * kept / (1 - p)", "return dout * kept", "dx", "factor"),
    ("dropout", "return dout * kept / (1 - p)", "return dout / (1 - p)", "dx", "mask"),
    ("dropout", "return x * kept / (1 - p)", "return x * kept", "forward", "it should be"),
    ("attention", "dv = p.T @ dout", "dv = p.T @ dout / math.sqrt(q.shape[1])", "dv", "factor"),
    ("attention", "dk = dscores.T @ q", "dk = dscores @ q", "dk", "raises ValueError"),
    ("own-op", "dout / size**2", "dout / size", "dx", "differences say"),
    (
        "own-op",
        "mg.differentiable(softsign_forward, softsign_backward)",
        "lambda x: softsign_forward(x)[0]",
        "on the tape",
        "Is it lifted?",
    ),
    (
        "own-op",
        "mg.differentiable(softsign_forward, softsign_backward)",
        "lambda x: x / (1 + abs(x.detach()))",
        "on the tape",
        "x.grad",
    ),
    (
        "bug-broadcast",
        "dout.sum(axis=(0, 2, 3))\n    return",
        "dout.sum(axis=(0, 2))\n    return",
        "dshift",
        "it must have shift's shape",
    ),
    ("bug-mask", "db = dhidden.sum(axis=0)", "db = dhidden", "db", "it must have b's shape"),
    ("bug-mean", "(np.exp(log_p) - true) / count", "np.exp(log_p) - true", "dx", "still wrong"),
    ("bug-transpose", "dsum @ wh.T", "(wh @ dsum.T).T * 2", "dh", "still wrong"),
    ("bug-accumulate", "np.add.at(dtable, words, dout)", "dtable[words] = dout", "dtable", "still wrong"),
    ("bug-variance", "dscale * -(scale**3) / 2", "dscale * -(scale**3)", "dx", "still wrong"),
]
