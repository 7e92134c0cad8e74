"""Learning rates of torch.optim.lr_scheduler's schedulers over whole trainings.

Stepped every batch: polynomial, cosine, one-cycle, the warm-up, and whatever counts in steps. Stepped every epoch and
held within it: step, multi-step and exponential in epochs. Cosine with restarts gets fractions of an epoch.

A warm-up of W steps is LinearLR. Then one-cycle, cosine and polynomial start with the steps that are left (SequentialLR
does the same), and the others go on as if they had run from the start.
"""

import json
import warnings

import torch
from torch.optim import lr_scheduler as lr

BASE = 0.3
PER_EPOCH = 7


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], BASE)


def per_step(build, count):
    """Rates of a scheduler that is stepped after every batch."""
    opt = optimizer()
    scheduler = build(opt)
    rates = []
    for _ in range(count):
        rates.append(opt.param_groups[0]["lr"])
        opt.step()
        scheduler.step()
    return rates


def per_epoch(build, count):
    """Rates of a scheduler that is stepped after every epoch."""
    rates = per_step(build, -(-count // PER_EPOCH))
    return [rates[step // PER_EPOCH] for step in range(count)]


def by_fraction(build, count, unit):
    """Rates of a scheduler that is told how many units have passed."""
    opt = optimizer()
    scheduler = build(opt)
    rates = []
    for step in range(count):
        scheduler.step(step / unit)
        rates.append(opt.param_groups[0]["lr"])
    return rates


def one_cycle(rise, start, final, total):
    def build(opt):
        kinds = {"pct_start": rise, "div_factor": start, "final_div_factor": final, "cycle_momentum": False}
        return lr.OneCycleLR(opt, BASE, total_steps=total, **kinds)

    # Its last call to step() would be one too many.
    opt = optimizer()
    scheduler, rates = build(opt), []
    for step in range(total):
        rates.append(opt.param_groups[0]["lr"])
        opt.step()
        if step + 1 < total:
            scheduler.step()
    return rates


def curves():
    """Curve as TOML, what it counts in, whether it is spread over the steps left, and its rates for some steps."""
    yield '{ name = "constant" }', "epochs", False, lambda n: per_step(lambda o: lr.ConstantLR(o, 1.0), n)
    for every in (3, 1):
        text = f'{{ name = "step", every = {every}, factor = 0.1 }}'
        yield text, "epochs", False, lambda n, e=every: per_epoch(lambda o: lr.StepLR(o, e, 0.1), n)
    text = '{ name = "step", every = 10, factor = 0.5 }'
    yield text, "steps", False, lambda n: per_step(lambda o: lr.StepLR(o, 10, 0.5), n)
    text = '{ name = "multi_step", milestones = [2, 5, 9], factor = 0.2 }'
    yield text, "epochs", False, lambda n: per_epoch(lambda o: lr.MultiStepLR(o, [2, 5, 9], 0.2), n)
    text = '{ name = "multi_step", milestones = [10, 33], factor = 0.1 }'
    yield text, "steps", False, lambda n: per_step(lambda o: lr.MultiStepLR(o, [10, 33], 0.1), n)
    text = '{ name = "exponential", factor = 0.9 }'
    yield text, "epochs", False, lambda n: per_epoch(lambda o: lr.ExponentialLR(o, 0.9), n)
    yield text, "steps", False, lambda n: per_step(lambda o: lr.ExponentialLR(o, 0.9), n)
    for power in (1, 2, 0.5):
        text = f'{{ name = "polynomial", power = {power} }}'
        yield text, "epochs", True, lambda n, p=power: per_step(lambda o: lr.PolynomialLR(o, n, p), n)
    for end in (0.0, 0.01):
        text = f'{{ name = "cosine", end = {end} }}'
        yield text, "epochs", True, lambda n, e=end: per_step(lambda o: lr.CosineAnnealingLR(o, n, BASE * e), n)
    for period, growth, end, unit in ((3, 1, 0.0, "epochs"), (1, 2, 0.05, "epochs"), (2, 3, 0.0, "epochs"), (10, 2, 0.0, "steps")):
        text = f'{{ name = "cosine_restarts", period = {period}, growth = {growth}, end = {end} }}'
        yield text, unit, False, lambda n, p=period, g=growth, e=end, u=unit: by_fraction(
            lambda o: lr.CosineAnnealingWarmRestarts(o, p, g, BASE * e), n, PER_EPOCH if u == "epochs" else 1
        )
    for rise, start, final in ((0.3, 25.0, 1e4), (0.2, 1e3, 1e3), (0.01, 10.0, 10.0)):
        text = f'{{ name = "one_cycle", rise = {rise}, start_div = {start}, final_div = {final} }}'
        yield text, "epochs", True, lambda n, r=rise, s=start, f=final: one_cycle(r, s, f, n)


def with_warmup(rates, spread, total, warmup, share):
    if warmup == 0:
        return rates(total)
    rising = per_step(lambda o: lr.LinearLR(o, share, 1.0, warmup), warmup)
    return rising + (rates(total - warmup) if spread else rates(total)[warmup:])


def schedules():
    for curve, unit, spread, rates in curves():
        for total, warmup, share in ((77, 0, 0.1), (77, 14, 0.1), (75, 7, 0.01), (11, 0, 0.5), (3, 0, 0.1)):
            if unit == "steps":
                length = warmup
            else:
                length = warmup // PER_EPOCH
            text = f'unit = "{unit}"\nwarmup = {length}\nwarmup_from = {share}\ncurve = {curve}\n'
            values = [float(f"{rate / BASE:.13g}") for rate in with_warmup(rates, spread, total, warmup, share)]
            yield {"schedule": text, "total": total, "steps_per_epoch": PER_EPOCH, "factors": values}


def check_sequential():
    """SequentialLR joins a warm-up and a cosine as with_warmup does."""

    def build(opt):
        rising = lr.LinearLR(opt, 0.1, 1.0, 14)
        return lr.SequentialLR(opt, [rising, lr.CosineAnnealingLR(opt, 63)], [14])

    expected = with_warmup(lambda n: per_step(lambda o: lr.CosineAnnealingLR(o, n), n), True, 77, 14, 0.1)
    assert max(abs(a - b) for a, b in zip(per_step(build, 77), expected)) < 1e-12

    def chained(opt):
        return lr.ChainedScheduler([lr.LinearLR(opt, 0.1, 1.0, 14), lr.MultiStepLR(opt, [21, 35], 0.1)])

    expected = with_warmup(lambda n: per_step(lambda o: lr.MultiStepLR(o, [21, 35], 0.1), n), False, 77, 14, 0.1)
    assert max(abs(a - b) for a, b in zip(per_step(chained, 77), expected)) < 1e-12


def plateaus():
    """Factors after each of a list of validation losses."""
    losses = {
        "falling": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
        "stuck": [1.0] * 14,
        "within the threshold": [1.0, 0.99995, 0.9999, 0.99985, 0.9998, 0.99, 0.98999, 0.98998],
        "up and down": [2.0, 1.5, 1.6, 1.4, 1.45, 1.41, 1.5, 1.39, 1.5, 1.5, 1.5, 1.5, 1.2, 1.3, 1.25, 1.21],
        "not a number first": [float("nan"), float("nan"), 1.0, 0.9, 0.95, float("nan"), 0.8],
        "infinite first": [float("inf"), float("inf"), float("inf"), 3.0, 2.0, float("inf"), 1.0],
    }
    for name, values in losses.items():
        for factor, patience, threshold in ((0.1, 2, 1e-4), (0.5, 0, 1e-4), (0.5, 1, 0.1)):
            opt = optimizer()
            scheduler = lr.ReduceLROnPlateau(opt, "min", factor, patience, threshold, eps=0.0)
            factors = []
            for loss in values:
                scheduler.step(loss)
                factors.append(opt.param_groups[0]["lr"] / BASE)
            curve = f'name = "plateau"\nfactor = {factor}\npatience = {patience}\nthreshold = {threshold}\n'
            # JSON has no infinity, so losses are text.
            yield {"name": name, "curve": curve, "losses": [repr(v) for v in values], "factors": factors}


def write(path):
    warnings.filterwarnings("ignore", category=UserWarning, module="torch.optim")
    check_sequential()
    runs, drops = list(schedules()), list(plateaus())
    as_lines = lambda rows: ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    path.write_text(f'{{"schedules": [\n{as_lines(runs)}\n],\n"plateaus": [\n{as_lines(drops)}\n]}}\n')
    print(f"{len(runs)} schedules, {len(drops)} plateaus, {path.stat().st_size / 1e3:.0f} kB")
