"""SciPy's and statsmodels' numbers for `main.rs`: python3 golden.py > golden.json"""
import itertools, json
import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

random = np.random.default_rng(1)
pairs = []
for n in [2, 3, 4, 5, 8, 12]:
    one = random.normal(0.8, 0.05, n).round(6)
    other = (one - random.normal(0.02, 0.03, n)).round(6)
    difference = one - other
    t = stats.ttest_rel(one, other)
    interval = t.confidence_interval(0.95)
    flips = [abs(np.dot(difference, signs)) for signs in itertools.product([1, -1], repeat=n)]
    exact = stats.permutation_test((one, other), lambda a, b: np.mean(a - b), permutation_type="samples",
                                   n_resamples=np.inf).pvalue
    pairs.append(dict(one=one.tolist(), other=other.tolist(), mean=float(difference.mean()),
                      sd=float(difference.std(ddof=1)), t_test=float(t.pvalue), low=float(interval.low),
                      high=float(interval.high), sign_flip=float(exact)))
    assert abs(np.mean(np.array(flips) >= abs(difference.sum()) * (1 - 1e-9)) - exact) < 1e-9
t = [dict(t=x, freedom=f, two_sided=float(2 * stats.t.sf(abs(x), f)), quantile=float(stats.t.ppf(q, f)), q=q)
     for f in [1, 2, 3, 7, 30, 200] for x, q in [(0.0, 0.5), (0.7, 0.75), (-2.3, 0.975), (6.0, 0.999), (40.0, 0.99999)]]
holm = [dict(p=p, corrected=multipletests(p, method="holm")[1].tolist())
        for p in [[0.01], [0.01, 0.04, 0.03], [0.5, 0.001, 0.02, 0.02, 0.9], [0.04, 0.04]]]
split = [dict(one=a, other=b, p=float(stats.binomtest(a, a + b).pvalue) if a + b else 1.0)
         for a, b in [(0, 0), (5, 5), (2, 8), (43, 201), (61, 57), (0, 9), (900, 1000)]]
wilson = [dict(right=r, all=n, interval=list(map(float, proportion_confint(r, n, method="wilson"))))
          for r, n in [(0, 10), (10, 10), (677, 1000), (1, 3)]]
print(json.dumps(dict(pairs=pairs, t=t, holm=holm, split=split, wilson=wilson), indent=1))
