"""Each mechanism in loops over single numbers, in float64: its maps, and its output from given maps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from torch import Tensor, nn


def numbers(tensor: Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def convolve(x: np.ndarray, layer: nn.Conv2d) -> np.ndarray:
    """(c, h, w) -> (out, h, w), zeros around it, one product after another."""
    weight, bias = numbers(layer.weight), numbers(layer.bias)
    _, h, w = x.shape
    reach = weight.shape[2] // 2
    y = np.zeros((len(weight), h, w))
    for o, i, j in np.ndindex(y.shape):
        y[o, i, j] = bias[o]
        for c, down, right in np.ndindex(weight.shape[1:]):
            row, column = i + down - reach, j + right - reach
            if 0 <= row < h and 0 <= column < w:
                y[o, i, j] += weight[o, c, down, right] * x[c, row, column]
    return y


def multiply_position(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    y = np.zeros_like(x)
    for c, i, j in np.ndindex(x.shape):
        y[c, i, j] = x[c, i, j] * weights[i, j]
    return y


def multiply_channel(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    y = np.zeros_like(x)
    for c, i, j in np.ndindex(x.shape):
        y[c, i, j] = x[c, i, j] * weights[c]
    return y


def map_position(scores: np.ndarray) -> np.ndarray:
    return np.array([[sigmoid(score) for score in row] for row in scores])


def spatial_gate_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    hidden = convolve(x, module.squeeze)
    for place in np.ndindex(hidden.shape):
        hidden[place] = max(0.0, hidden[place])
    return [map_position(convolve(hidden, module.score)[0])]


def cbam_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    squeeze, excite = module.channel.squeeze, module.channel.excite
    first, first_bias = numbers(squeeze.weight), numbers(squeeze.bias)
    second, second_bias = numbers(excite.weight), numbers(excite.bias)
    scores = np.zeros(len(x))
    for summary in ([sum(one.flat) / one.size for one in x], [max(one.flat) for one in x]):
        hidden = [first_bias[r] + sum(first[r, c] * summary[c] for c in range(len(x))) for r in range(len(first))]
        for c in range(len(x)):
            scores[c] += second_bias[c] + sum(second[c, r] * max(0.0, hidden[r]) for r in range(len(hidden)))
    channel = np.array([sigmoid(score) for score in scores])
    y = multiply_channel(x, channel)
    summary = np.zeros((2, *x.shape[1:]))
    for i, j in np.ndindex(x.shape[1:]):
        summary[:, i, j] = sum(y[:, i, j]) / len(y), max(y[:, i, j])
    return [channel, map_position(convolve(summary, module.spatial.score)[0])]


def project(module: nn.Module, x: np.ndarray) -> np.ndarray:
    """Queries, keys and values (3, heads, d, h, w) of (c, h, w)."""
    weight = numbers(module.project.weight)[:, :, 0, 0]
    y = np.zeros((len(weight), *x.shape[1:]))
    for o, i, j in np.ndindex(y.shape):
        y[o, i, j] = sum(weight[o, c] * x[c, i, j] for c in range(len(x)))
    return y.reshape(3, module.heads, -1, *x.shape[1:])


def self_attention_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    query, key, _ = project(module, x)
    bias, side = numbers(module.bias), module.side
    cells = list(product(range(x.shape[1]), range(x.shape[2])))
    weights = np.zeros((module.heads, len(cells), len(cells)))
    for head, n, m in np.ndindex(weights.shape):
        (i, j), (k, l) = cells[n], cells[m]  # noqa: E741
        d = query.shape[1]
        product_ = sum(query[head, one, i, j] * key[head, one, k, l] for one in range(d))
        offset = (i - k + side - 1) * (2 * side - 1) + (j - l + side - 1)
        weights[head, n, m] = math.exp(product_ / math.sqrt(d) + bias[head, offset])
    for head, n in np.ndindex(weights.shape[:2]):
        weights[head, n] /= sum(weights[head, n])
    return [weights]


def self_attention_output(module: nn.Module, x: np.ndarray, maps: list[np.ndarray]) -> np.ndarray:
    value = project(module, x)[2]
    cells = list(product(range(x.shape[1]), range(x.shape[2])))
    y = np.zeros_like(value)
    for head, one in np.ndindex(value.shape[:2]):
        for n, (i, j) in enumerate(cells):
            y[head, one, i, j] = sum(maps[0][head, n, m] * value[head, one, k, l] for m, (k, l) in enumerate(cells))  # noqa: E741
    y = y.reshape(-1, *x.shape[1:])
    stride = module.pool.kernel_size if isinstance(module.pool, nn.AvgPool2d) else 1
    pooled = np.zeros((len(y), x.shape[1] // stride, x.shape[2] // stride))
    for c, i, j in np.ndindex(pooled.shape):
        block = y[c, i * stride : (i + 1) * stride, j * stride : (j + 1) * stride]
        pooled[c, i, j] = sum(block.flat) / stride**2
    return pooled


def squeeze_excitation_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    mean = np.array([sum(one.flat) / one.size for one in x])
    hidden = [max(0.0, one) for one in linear(module.squeeze, mean)]
    return [np.array([sigmoid(score) for score in linear(module.excite, hidden)])]


def feature_gate_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    hidden = convolve(x, module.squeeze)
    for place in np.ndindex(hidden.shape):
        hidden[place] = max(0.0, hidden[place])
    return [np.array([map_position(one) for one in convolve(hidden, module.excite)])]


def multiply_everything(module: nn.Module, x: np.ndarray, maps: list[np.ndarray]) -> np.ndarray:
    y = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        y[place] = x[place] * maps[0][place]
    return y


def softmax(scores: np.ndarray) -> np.ndarray:
    """Over all of an array."""
    powers = np.array([math.exp(score) for score in scores.flat]).reshape(scores.shape)
    return powers / sum(powers.flat)


def gather(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(c, h, w) and (h, w) -> (c,)."""
    return np.array([sum(one[place] * weights[place] for place in np.ndindex(weights.shape)) for one in x])


def attention_pooling_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    return [softmax(convolve(x, module.score)[0])]


def linear(layer: nn.Linear, x: np.ndarray) -> np.ndarray:
    """(c,) -> (out,)."""
    weight = numbers(layer.weight)
    bias = np.zeros(len(weight)) if layer.bias is None else numbers(layer.bias)
    return np.array([bias[o] + sum(weight[o, c] * x[c] for c in range(len(x))) for o in range(len(weight))])


def remember(cell: nn.LSTMCell, x: np.ndarray, hidden: np.ndarray, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step of an LSTM: the new hidden state and the new memory, (c,) each."""
    seen, heard = numbers(cell.weight_ih), numbers(cell.weight_hh)
    bias, size = numbers(cell.bias_ih) + numbers(cell.bias_hh), len(hidden)
    sums = bias.copy()
    for row in range(4 * size):
        sums[row] += sum(seen[row, c] * x[c] for c in range(len(x)))
        sums[row] += sum(heard[row, c] * hidden[c] for c in range(size))
    new_hidden, new_memory = np.zeros(size), np.zeros(size)
    for c in range(size):
        enter, forget, value, leave = (sums[part * size + c] for part in range(4))
        new_memory[c] = sigmoid(forget) * memory[c] + sigmoid(enter) * math.tanh(value)
        new_hidden[c] = sigmoid(leave) * math.tanh(new_memory[c])
    return new_hidden, new_memory


def recurrent_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    hidden, memory = numbers(module.start)
    weight, film = numbers(module.key.weight)[:, :, 0, 0], []
    for _ in range(module.glimpses):
        query, scores = linear(module.query, hidden), np.zeros(x.shape[1:])
        for i, j in np.ndindex(scores.shape):
            key = [sum(weight[o, c] * x[c, i, j] for c in range(len(x))) for o in range(len(weight))]
            scores[i, j] = sum(query[o] * key[o] for o in range(len(key))) / math.sqrt(len(key))
        film.append(softmax(scores))
        hidden, memory = remember(module.cell, gather(x, film[-1]), hidden, memory)
    return [np.array(film)]


def recurrent_output(module: nn.Module, x: np.ndarray, maps: list[np.ndarray]) -> np.ndarray:
    hidden, memory = numbers(module.start)
    states = []
    for weights in maps[0]:
        hidden, memory = remember(module.cell, gather(x, weights), hidden, memory)
        states.append(hidden)
    return np.array(states)


def normalize(layer: nn.LayerNorm, x: np.ndarray) -> np.ndarray:
    """Each token (n, c) by its own mean and standard deviation."""
    weight, bias, y = numbers(layer.weight), numbers(layer.bias), np.zeros_like(x)
    for n, token in enumerate(x):
        mean = sum(token) / len(token)
        variance = sum((one - mean) ** 2 for one in token) / len(token)
        for c, one in enumerate(token):
            y[n, c] = (one - mean) / math.sqrt(variance + layer.eps) * weight[c] + bias[c]
    return y


def transformer_parts(module: nn.Module, x: np.ndarray) -> np.ndarray:
    """Queries, keys and values (3, heads, n, d) of the tokens (n, c)."""
    attention = module.attention
    projected = np.array([linear(attention.project, token) for token in normalize(module.attention_norm, x)])
    return projected.reshape(len(x), 3, attention.heads, -1).transpose(1, 2, 0, 3)


def transformer_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    query, key, _ = transformer_parts(module, x)
    heads, n, d = query.shape
    weights = np.zeros((heads, n, n))
    for head, one in np.ndindex(heads, n):
        scores = [sum(query[head, one, c] * key[head, two, c] for c in range(d)) / math.sqrt(d) for two in range(n)]
        weights[head, one] = softmax(np.array(scores))
    return [weights]


def transformer_output(module: nn.Module, x: np.ndarray, maps: list[np.ndarray]) -> np.ndarray:
    value = transformer_parts(module, x)[2]
    heads, n, d = value.shape
    y = x.copy()
    for one in range(n):
        found = np.zeros((heads, d))
        for head, c in np.ndindex(heads, d):
            found[head, c] = sum(maps[0][head, one, two] * value[head, two, c] for two in range(n))
        y[one] += linear(module.attention.gather, found.ravel())
    for one, token in enumerate(normalize(module.widen_norm, y)):
        wide = [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in linear(module.widen, token)]
        y[one] += linear(module.narrow, np.array(wide))
    return y


@dataclass(frozen=True)
class Reference:
    """A mechanism in loops: its maps in the order of its taps, and its output from given maps."""

    maps: Callable[[nn.Module, np.ndarray], list[np.ndarray]]
    output: Callable[[nn.Module, np.ndarray, list[np.ndarray]], np.ndarray]


REFERENCES = {
    "plain": Reference(lambda module, x: [], lambda module, x, maps: x),
    "squeeze-excitation": Reference(squeeze_excitation_maps, lambda module, x, maps: multiply_channel(x, maps[0])),
    "feature-gate": Reference(feature_gate_maps, multiply_everything),
    "spatial-gate": Reference(spatial_gate_maps, lambda module, x, maps: multiply_position(x, maps[0])),
    "cbam": Reference(cbam_maps, lambda module, x, maps: multiply_position(multiply_channel(x, maps[0]), maps[1])),
    "attention-pooling": Reference(attention_pooling_maps, lambda module, x, maps: gather(x, maps[0])),
    "self-attention": Reference(self_attention_maps, self_attention_output),
    "recurrent": Reference(recurrent_maps, recurrent_output),
    "transformer": Reference(transformer_maps, transformer_output),
}
