"""Writes optuna.json: what Optuna makes of fixed histories of trials.

    pip install optuna==5.0.0
    python3 optuna_reference.py

Draws differ from ours and are not compared: densities, choices among given candidates, decisions and importances are.
"""

import json
import math
import random
from functools import partial
from pathlib import Path

import numpy
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.sampler import _split_trials, default_gamma
from optuna.trial import TrialState, create_trial

optuna.logging.set_verbosity(optuna.logging.ERROR)
# NumPy's usual sort leaves equal values in an order that depends on the processor.
sort = numpy.argsort
numpy.argsort = lambda values, **options: sort(values, **{"kind": "stable", **options})

FLOAT, LOG = FloatDistribution(-5, 10), FloatDistribution(1e-5, 1.0, log=True)
WHOLE, STEPS, WHOLE_LOG = IntDistribution(0, 6), IntDistribution(4, 64, step=6), IntDistribution(1, 256, log=True)
CHOICE = CategoricalDistribution(tuple(range(4)))
SPACES = {
    "floats": [FLOAT, LOG],
    "whole": [WHOLE, STEPS, WHOLE_LOG],
    "choice": [CHOICE],
    "odd": [IntDistribution(3, 100, log=True), IntDistribution(0, 1000, step=7), FLOAT],
    "mixed": [LOG, CHOICE, STEPS, FLOAT, WHOLE_LOG, IntDistribution(3, 3)],
}
STATES = {"finished": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "running": TrialState.RUNNING, "failed": TrialState.FAIL}


def range_of(distribution):
    if isinstance(distribution, CategoricalDistribution):
        return {"kind": "choice", "values": len(distribution.choices)}
    kind = "integer" if isinstance(distribution, IntDistribution) else "float"
    step = distribution.step if kind == "integer" else None
    return {"kind": kind, "low": distribution.low, "high": distribution.high, "log": distribution.log, "step": step}


def point(distributions, source):
    def value(distribution):
        if isinstance(distribution, CategoricalDistribution):
            return source.randrange(len(distribution.choices))
        low, high = distribution.low, distribution.high
        number = math.exp(source.uniform(math.log(low), math.log(high))) if distribution.log else source.uniform(low, high)
        if isinstance(distribution, IntDistribution):
            number = low + round((number - low) / distribution.step) * distribution.step
        return min(max(number, low), high)

    return [value(distribution) for distribution in distributions]


def objective(distributions, values):
    total = 0.0
    for index, (distribution, value) in enumerate(zip(distributions, values)):
        if isinstance(distribution, CategoricalDistribution):
            total += [0.3, 0.0, 0.7, 0.5][value]
        else:
            scale = math.log if distribution.log else float
            share = (scale(value) - scale(distribution.low)) / max(scale(distribution.high) - scale(distribution.low), 1e-9)
            total += (share - 0.3) ** 2 * 3.0 ** -index
    return total


def history(distributions, count, seed, states):
    source, trials = random.Random(seed), []
    for _ in range(count):
        # A search comes back to where it was good, so values lie closer together there.
        tries = [point(distributions, source) for _ in range(source.choice([1, 12]))]
        values, state = min(tries, key=partial(objective, distributions)), source.choice(states)
        value = round(objective(distributions, values) + source.gauss(0, 0.02), 3)
        rungs = {}
        if state == "pruned":
            rungs = {step: round(value + 1 / step, 3) for step in [1, 3, 9][: source.randrange(4)]}
            if rungs and source.random() < 0.3:
                rungs[max(rungs)] = math.nan
        trials.append({"point": values, "state": state, "value": value if state == "finished" else None, "rungs": rungs})
    return trials


def study_of(distributions, trials, goal):
    study = optuna.create_study(direction="minimize" if goal == "lowest" else "maximize")
    names = [f"x{index:02}" for index in range(len(distributions))]
    for trial in trials:
        study.add_trial(create_trial(
            state=STATES[trial["state"]],
            value=trial["value"],
            params=dict(zip(names, trial["point"])),
            distributions=dict(zip(names, distributions)),
            intermediate_values=trial["rungs"],
        ))
    return study, names


def plain(trials):
    """NaN is not JSON."""
    number = lambda value: None if value is None or math.isnan(value) else value
    return [{**trial, "rungs": {step: number(value) for step, value in trial["rungs"].items()}} for trial in trials]


def densities(space, count, seed, states, goal):
    distributions = SPACES[space]
    trials = history(distributions, count, seed, states)
    study, names = study_of(distributions, trials, goal)
    sampler = TPESampler(seed=0)
    usable = [t for t in study.get_trials() if t.state != TrialState.FAIL]
    below, above = _split_trials(study, usable, default_gamma(sum(t.state != TrialState.RUNNING for t in usable)))
    searched = {name: one for name, one in zip(names, distributions) if not one.single()}
    good = sampler._build_parzen_estimator(study, searched, below, handle_below=True)
    others = sampler._build_parzen_estimator(study, searched, above, handle_below=False)
    source = random.Random(seed + 1000)
    probes = [point(distributions, source) for _ in range(24)]
    # Some far away from every trial or at the very ends.
    for end in ["low", "high"]:
        probes.append([getattr(one, end, 0) for one in distributions])
    samples = {name: numpy.array([float(probe[names.index(name)]) for probe in probes]) for name in searched}
    ratio = sampler._compute_acquisition_func(samples, good, others)
    return {
        "ranges": [range_of(one) for one in distributions], "goal": goal, "told": plain(trials), "probes": probes,
        "good": list(good.log_pdf(samples)), "others": list(others.log_pdf(samples)), "best": int(numpy.argmax(ratio)),
    }


def importances(space, count, seed, goal):
    distributions = SPACES[space]
    trials = history(distributions, count, seed, ["finished"] * 5 + ["pruned", "running", "failed"])
    study, names = study_of(distributions, trials, goal)
    shares = optuna.importance.get_param_importances(study)
    return {
        "ranges": [range_of(one) for one in distributions], "goal": goal, "told": plain(trials),
        "shares": [shares[name] for name in names],
    }


def stops(pruner, goal, seed):
    """Trials one after another, each reporting after 1, 2, … 26 epochs; where each of them was stopped."""
    study = optuna.create_study(direction="minimize" if goal == "lowest" else "maximize", pruner=pruner)
    source, curves = random.Random(seed), []
    for _ in range(40):
        trial, end, start = study.ask(), source.uniform(0, 1), source.uniform(0, 3)
        curve = [round(end + start / step + source.gauss(0, 0.05), 2) for step in range(1, 27)]
        stopped = None
        for step, value in enumerate(curve, 1):
            trial.report(value, step)
            if trial.should_prune():
                stopped = step
                break
        if stopped is None:
            study.tell(trial, curve[-1])
        else:
            study.tell(trial, state=TrialState.PRUNED)
        curves.append({"curve": curve, "stopped": stopped})
    return {"goal": goal, "trials": curves}


every = ["finished"] * 6 + ["pruned"] * 3 + ["running", "failed"]
golden = {
    "densities": [
        densities("floats", 12, 1, ["finished"], "lowest"),
        densities("floats", 40, 2, every, "highest"),
        densities("whole", 60, 3, every, "lowest"),
        densities("choice", 25, 4, every, "highest"),
        densities("mixed", 30, 5, ["pruned"], "lowest"),
        densities("mixed", 60, 8, ["pruned"] * 12 + ["finished"], "highest"),
        densities("mixed", 120, 6, every, "lowest"),
        densities("mixed", 300, 7, ["finished"], "highest"),
    ],
    "importances": [
        importances("floats", 12, 11, "lowest"),
        importances("whole", 60, 12, "highest"),
        importances("mixed", 50, 13, "lowest"),
        importances("mixed", 300, 14, "lowest"),
        *(importances("odd", count, 100 + count, "highest") for count in range(20, 60, 5)),
    ],
    "halving": [
        stops(optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3), "lowest", 21),
        stops(optuna.pruners.SuccessiveHalvingPruner(min_resource=2, reduction_factor=4), "highest", 22),
    ],
    "median": [
        stops(optuna.pruners.MedianPruner(), "lowest", 31),
        stops(optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=4), "highest", 32),
    ],
}
Path(__file__).with_name("optuna.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
