"""Ripser on the matrices that test/bench/rtdMeasure.ts wrote: both directions, in single precision.

Usage: python rtdRipser.py COUNT FILE SECONDS   (needs the package ripser; prints one JSON object)
"""

import json
import resource
import sys
import time

import numpy as np
from ripser import ripser

count, file, seconds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
# A run that takes longer is cut off by the system.
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def matrix(which):
    full = np.zeros((count, count), dtype=np.float32)
    full[np.tril_indices(count, -1)] = np.fromfile(f"{file}.{which}", dtype=np.float32)
    return full + full.T


a, b = matrix(0), matrix(1)
least = np.minimum(a, b)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
cpu, sums, bars = 0.0, [], []
for own in (a, b):
    # The mapping cone as a space: two copies of the points, the first without distances among themselves.
    cone = np.block([[np.zeros_like(own), own], [own, least]])
    started = time.process_time()
    found = ripser(cone, distance_matrix=True, maxdim=1)["dgms"][1].astype(np.float64)
    cpu += time.process_time() - started
    sums.append(float(np.sum(found[:, 1] - found[:, 0])))
    bars.append(int(np.sum(found[:, 1] > found[:, 0])))
peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
print(json.dumps({"cpuMs": cpu * 1000, "sums": sums, "bars": bars, "peakMiB": peak}))
