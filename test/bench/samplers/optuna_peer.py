"""Optuna behind JSON lines: {"start": {sampler, seed, space, objectives}}, {"ask": true} -> {params, cpuMs}, {"tell": values}.

Spaces are given in Basin's own terms; conditions (`when`) are followed as Optuna's users write them, with plain ifs.
"""

import json
import sys
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def create(sampler, seed):
    samplers = optuna.samplers
    if sampler == "random":
        return samplers.RandomSampler(seed=seed)
    if sampler == "tpe":
        return samplers.TPESampler(seed=seed)
    if sampler == "tpe univariate":
        return samplers.TPESampler(seed=seed, multivariate=False, constant_liar=False)
    if sampler == "gp":
        return samplers.GPSampler(seed=seed)
    if sampler == "cmaes":
        return samplers.CmaEsSampler(seed=seed)
    if sampler == "nsga2":
        return samplers.NSGAIISampler(seed=seed)
    if sampler == "nsga3":
        return samplers.NSGAIIISampler(seed=seed)
    if sampler == "sobol":
        return samplers.QMCSampler(seed=seed, scramble=True)
    raise SystemExit(f"no sampler {sampler}")


def suggest(trial, space):
    params = {}
    for parameter in space:
        name = parameter["name"]
        if any(params.get(parent) not in values for parent, values in parameter.get("when", {}).items()):
            continue
        if parameter["type"] == "categorical":
            # Optuna wants plain choices; a list is shown to it by position.
            params[name] = trial.suggest_categorical(name, parameter["choices"])
        elif parameter["type"] == "int":
            params[name] = trial.suggest_int(
                name, parameter["low"], parameter["high"], step=parameter.get("step", 1), log=parameter["log"]
            )
        elif parameter["type"] == "float":
            params[name] = trial.suggest_float(
                name, parameter["low"], parameter["high"], step=parameter.get("step"), log=parameter["log"]
            )
        else:
            params[name] = parameter["value"]
    return params


def main():
    study = trial = space = None
    spent = 0.0
    for line in sys.stdin:
        message = json.loads(line)
        if "start" in message:
            start = message["start"]
            space = start["space"]
            study = optuna.create_study(
                sampler=create(start["sampler"], start["seed"]), directions=["minimize"] * start["objectives"]
            )
        elif "ask" in message:
            begun = time.process_time()
            trial = study.ask()
            params = suggest(trial, space)
            spent += time.process_time() - begun
            print(json.dumps({"params": params, "cpuMs": spent * 1000}), flush=True)
            spent = 0.0
        else:
            begun = time.process_time()
            study.tell(trial, message["tell"])
            # Taking a result in is part of what the next suggestion costs.
            spent = time.process_time() - begun


main()
