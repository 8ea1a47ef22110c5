"""The functions of ../functions.ts under Optuna; prints one JSON line per run: {sampler, function, seed, best: [...]}."""
import json
import math
import sys

import optuna

A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
P = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]
ALPHA = [1, 1.2, 3, 3.2]


def branin(t):
    x, y = t.suggest_float("x", -5, 10), t.suggest_float("y", 0, 15)
    bowl = y - 5.1 * x * x / (4 * math.pi**2) + 5 * x / math.pi - 6
    return bowl * bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann6(t):
    x = [t.suggest_float(f"x{i}", 0, 1) for i in range(6)]
    return -sum(ALPHA[k] * math.exp(-sum(A[k][i] * (x[i] - P[k][i]) ** 2 for i in range(6))) for k in range(4))


def rastrigin5(t):
    x = [t.suggest_float(f"x{i}", -5.12, 5.12) for i in range(5)]
    return sum(10 + v * v - 10 * math.cos(2 * math.pi * v) for v in x)


def loghp5(t):
    lr = math.log10(t.suggest_float("lr", 1e-5, 1, log=True)) + 2.5
    decay = math.log10(t.suggest_float("decay", 1e-8, 1e-1, log=True))
    width = math.log2(t.suggest_int("width", 8, 1024, log=True)) - 7
    layers = t.suggest_int("layers", 1, 8)
    dropout = t.suggest_float("dropout", 0, 0.8, step=0.05)
    return (lr + 0.3 * width) ** 2 + 0.2 * (decay + 4) ** 2 + 0.15 * width**2 + 0.1 * (layers - 3) ** 2 + 4 * (dropout - 0.25) ** 2


def mixed5(t):
    optimizer = t.suggest_categorical("optimizer", ["sgd", "adam", "rmsprop", "adagrad"])
    activation = t.suggest_categorical("activation", ["relu", "tanh", "gelu"])
    lr = math.log10(t.suggest_float("lr", 1e-5, 1, log=True))
    mix = t.suggest_float("mix", 0, 1)
    units = t.suggest_int("units", 1, 64)
    best = {"sgd": -1, "adam": -3, "rmsprop": -3.5, "adagrad": -2}[optimizer]
    offset = {"sgd": 0.4, "adam": 0, "rmsprop": 0.2, "adagrad": 0.6}[optimizer]
    offset += {"gelu": 0, "relu": 0.1, "tanh": 0.3}[activation]
    return offset + (lr - best) ** 2 + 3 * (mix - 0.7) ** 2 + ((units - 40) / 20) ** 2


def conditional(t):
    model = t.suggest_categorical("model", ["svm", "forest", "net"])
    if model == "svm":
        c, gamma = t.suggest_float("c", 1e-3, 1e3, log=True), t.suggest_float("gamma", 1e-4, 10, log=True)
        return 0.3 + 0.2 * (math.log10(c) - 1) ** 2 + 0.3 * (math.log10(gamma) + 2) ** 2
    if model == "forest":
        depth, share = t.suggest_int("depth", 1, 32), t.suggest_float("share", 0.1, 1)
        return 0.2 + ((depth - 12) / 10) ** 2 + 2 * (share - 0.4) ** 2
    lr, layers = t.suggest_float("lr", 1e-5, 1, log=True), t.suggest_int("layers", 1, 6)
    return 0.5 * (math.log10(lr) + 3) ** 2 + 0.2 * (layers - 4) ** 2


def main():
    trials, seeds = int(sys.argv[1]), int(sys.argv[2])
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for function in (branin, hartmann6, rastrigin5, loghp5, mixed5, conditional):
        for seed in range(seeds):
            sampler = optuna.samplers.TPESampler(seed=seed)
            study = optuna.create_study(sampler=sampler)
            study.optimize(function, n_trials=trials)
            best, curve = math.inf, []
            for trial in study.trials:
                best = min(best, trial.value)
                curve.append(best)
            print(json.dumps({"sampler": "optuna tpe", "function": function.__name__, "seed": seed, "best": curve}), flush=True)


if __name__ == "__main__":
    main()
