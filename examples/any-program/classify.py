#!/usr/bin/env python3
"""classify.py: softmax regression by stochastic gradient descent, Python's standard library only.

usage: classify.py [--rate R] [--decay D] [--penalty P] [--sharpen S] [--average N] [--epochs N] [--seed N] table.csv

The table has a header; its last column is the class, the others are numbers. Every fifth row is kept for testing.
"""

import getopt
import math
import operator
import random
import sys


def read_table(path):
    with open(path) as lines:
        next(lines)
        rows = [[float(cell) for cell in line.split(",")] for line in lines if line.strip()]
    top = max(max(row[:-1]) for row in rows)
    samples = [([cell / top for cell in row[:-1]], int(row[-1])) for row in rows]
    test = samples[4::5]
    train = [sample for index, sample in enumerate(samples) if index % 5 != 4]
    return train, test


def dot(a, b):
    return sum(map(operator.mul, a, b))


def probabilities(weights, x):
    scores = [dot(w, x) for w in weights]
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def accuracy(weights, samples):
    hits = 0
    for x, label in samples:
        scores = [dot(w, x) for w in weights]
        hits += scores.index(max(scores)) == label
    return hits / len(samples)


def main(arguments):
    options, files = getopt.getopt(arguments, "", ["rate=", "decay=", "penalty=", "sharpen=", "average=", "epochs=", "seed="])
    if len(files) != 1:
        sys.exit(__doc__)
    given = {"--rate": "0.1", "--decay": "1", "--penalty": "0", "--sharpen": "1", "--average": "0", "--epochs": "8", "--seed": "1"}
    given.update(options)
    rate, decay, penalty, sharpen = (float(given[name]) for name in ("--rate", "--decay", "--penalty", "--sharpen"))
    epochs, average = int(given["--epochs"]), int(given["--average"])

    train, test = read_table(files[0])
    # A constant column for the bias; the power makes faint strokes fainter (above 1) or bolder (below 1).
    train, test = ([([value**sharpen for value in x] + [1.0], label) for x, label in part] for part in (train, test))
    classes = 1 + max(label for _, label in train)
    width = len(train[0][0])
    weights = [[0.0] * width for _ in range(classes)]
    summed, summands = [[0.0] * width for _ in range(classes)], 0
    shuffle = random.Random(int(given["--seed"])).shuffle

    print("classify: %d rows to learn from, %d to test, %d classes" % (len(train), len(test), classes))
    for epoch in range(1, epochs + 1):
        shuffle(train)
        loss = 0.0
        for x, label in train:
            shares = probabilities(weights, x)
            loss -= math.log(max(shares[label], 1e-12))
            for index, share in enumerate(shares):
                step = rate * ((index == label) - share)
                if abs(step) > 1e-6:
                    weights[index] = [w + step * value for w, value in zip(weights[index], x)]
        if penalty > 0:
            weights = [[w * (1 - penalty) for w in row] for row in weights]
        rate *= decay
        shown = weights
        if average and epoch > epochs - average:
            summed = [[a + w for a, w in zip(*rows)] for rows in zip(summed, weights)]
            summands += 1
            shown = [[a / summands for a in row] for row in summed]
        print("epoch %d: loss=%.4f accuracy=%.4f" % (epoch, loss / len(train), accuracy(shown, test)), flush=True)


main(sys.argv[1:])
