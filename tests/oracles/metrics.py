"""Writes metrics.json beside it: what NumPy, SciPy and scikit-image say of the arrays that tests/metrics.rs makes.

    python metrics.py > metrics.json

Both sides make the arrays from whole numbers and divisions by powers of two, so that they agree to the last bit.
Packages: requirements.txt.
"""

import json

import numpy as np
from scipy import ndimage, signal, stats
from skimage import metrics as skimage_metrics


def flat(case):
    shape = case["shape"]
    at = np.arange(int(np.prod(shape)), dtype=np.int64)
    return at, np.unravel_index(at, shape)


def arrays(case):
    """The original and what came back, by the recipe's name."""
    at, index = flat(case)
    last, before = index[-1], index[-2] if len(index) > 1 else np.zeros_like(at)
    if case["recipe"] == "rough":
        x, e = (at * 7919 % 1009) / 16.0 - 20.0, (at * 31 % 17 - 8) / 64.0
    elif case["recipe"] == "smooth":
        x = sum((axis + 2) * i * (n - i) for axis, (i, n) in enumerate(zip(index, case["shape"]))) / 8.0
        e = (at * 131 % 29 - 13) / 32.0
    elif case["recipe"] == "picture":
        x = (before * before * 3 + last * last * 5 + (index[0] if len(index) > 2 else 0) * 11) // 37 % 256
        e = np.clip(x + (before * 31 + last * 17) % 25 - 12, 0, 255) - x
    elif case["recipe"] == "moving":
        teeth = lambda n, period: np.abs(n % (2 * period) - period)
        x = 40 + teeth(last + 2 * index[0], 16) * 4 + teeth(before + index[0], 12) * 5 + teeth(last - before, 9) * 6
        e = at * 37 % 5 - 2
    elif case["recipe"] == "bump":
        square = sum((4 * i - 2 * n - 3 + axis) ** 2 for axis, (i, n) in enumerate(zip(index, case["shape"])))
        x, e = 4096.0 / (64 + square) - 2, (at * 37 % 11 - 5) / 128.0
        x = np.round(x * 1024) / 1024
    x = x.astype(case["dtype"]).reshape(case["shape"])
    y = (x.astype(np.float64) + e.reshape(case["shape"])).astype(case["dtype"])
    return x, y


def general(x, y):
    x, y = x.astype(np.float64).ravel(), y.astype(np.float64).ravel()
    e, value_range = y - x, x.max() - x.min()
    r = stats.pearsonr(x, y).statistic
    nonzero = x != 0
    return {
        "max_abs_err": np.abs(e).max(),
        "mean_abs_err": np.abs(e).mean(),
        "bias": e.mean(),
        "rmse": np.sqrt((e**2).mean()),
        "nrmse": skimage_metrics.normalized_root_mse(x, y, normalization="min-max"),
        "psnr_range": skimage_metrics.peak_signal_noise_ratio(x, y, data_range=value_range),
        "l1_rel": np.abs(e).sum() / np.abs(x).sum(),
        "l2_rel": np.linalg.norm(e) / np.linalg.norm(x),
        "snr_db": 10 * np.log10(x.var() / (e**2).mean()),
        "pearson_r": r,
        "max_pointwise_rel_err": np.inf if e[~nonzero].any() else (np.abs(e[nonzero]) / np.abs(x[nonzero])).max(),
        "ks": stats.ks_2samp(x, y).statistic,
        "wasserstein": stats.wasserstein_distance(x, y) / value_range,
    }


def along_axes(x, y):
    e = y.astype(np.float64) - x.astype(np.float64)
    c = e - e.mean()
    lagged = [(np.delete(c, -1, axis) * np.delete(c, 0, axis)).sum() for axis in range(x.ndim) if x.shape[axis] > 1]

    def slopes(a):
        parts = []
        for axis in range(a.ndim):
            if a.shape[axis] > 2:
                rolled = np.moveaxis(a.astype(np.float64), axis, 0)
                parts.append(((rolled[2:] - rolled[:-2]) / 2).ravel())
        return np.concatenate(parts)

    found = {"err_autocorr_1": max(lagged) / (c**2).sum()}
    found["grad_nrmse"] = np.sqrt((slopes(e) ** 2).mean()) / np.ptp(slopes(x))
    found["spectral_err"] = spectral(x.astype(np.float64), y.astype(np.float64))
    return {name: value for name, value in found.items() if value is not None}


def spectral(x, y):
    longest = max(x.shape)
    if longest <= 4:
        return None
    square = sum(np.square(k) for k in np.meshgrid(*map(np.fft.fftfreq, x.shape), indexing="ij"))
    shell = np.floor(np.sqrt(square) * longest + 0.5).astype(int).ravel()
    power = [np.bincount(shell, (np.abs(np.fft.fftn(a - x.mean())) ** 2).ravel()) for a in (x, y)]
    counted = slice(1, -(-longest // 4))
    return np.max(np.abs(power[1] - power[0])[counted] / power[0][counted])


def window():
    g = np.exp(-np.square(np.arange(-5, 6)) / (2 * 1.5**2))
    return np.outer(g, g) / g.sum() ** 2


def factors(x, y, c1, c2):
    blur = lambda a: signal.convolve2d(a, window(), mode="valid")
    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    contrast = (2 * cov + c2) / (vx + vy + c2)
    return ((2 * mx * my + c1) / (mx**2 + my**2 + c1) * contrast).mean(), contrast.mean()


def dssim(x, y):
    worst = np.inf
    shape = (-1, *x.shape[-2:])
    for a, b in zip(x.astype(np.float64).reshape(shape), y.astype(np.float64).reshape(shape)):
        low, high = min(a.min(), b.min()), max(a.max(), b.max())
        level = lambda plane: np.round((plane - low) / (high - low) * 255) / 255
        worst = min(worst, factors(level(a), level(b), 1e-8, 1e-8)[0])
    return worst


def picture(x, y):
    channels = dict(channel_axis=-1) if x.ndim == 3 else {}
    found = {
        "psnr_peak": skimage_metrics.peak_signal_noise_ratio(x, y, data_range=255),
        "ssim": skimage_metrics.structural_similarity(
            x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, **channels
        ),
    }
    if min(x.shape[:2]) >= 176:
        planes = [(x, y)] if x.ndim == 2 else [(x[..., c], y[..., c]) for c in range(x.shape[-1])]
        found["ms_ssim"] = np.mean([multiscale(a.astype(np.float64), b.astype(np.float64)) for a, b in planes])
    return found


def multiscale(x, y):
    product = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        ssim, contrast = factors(x, y, (0.01 * 255) ** 2, (0.03 * 255) ** 2)
        product *= (ssim if scale == 4 else contrast) ** weight
        half = lambda a: a[: a.shape[0] // 2 * 2, : a.shape[1] // 2 * 2].reshape(a.shape[0] // 2, 2, -1, 2).mean((1, 3))
        x, y = half(x), half(y)
    return product


def pyramid(picture):
    levels = [picture]
    while len(levels) < 5 and min(levels[-1].shape) >= 48:
        a = levels[-1][: levels[-1].shape[0] // 2 * 2, : levels[-1].shape[1] // 2 * 2]
        levels.append((a[::2, ::2] + a[1::2, ::2] + a[::2, 1::2] + a[1::2, 1::2]) / 4)
    return levels


def lucas_kanade(first, second):
    """Displacements right and down, as src/metrics/flow.rs describes them."""
    weights = np.exp(-np.square(np.arange(-5, 6)) / (2 * 2.5**2))
    weights /= weights.sum()
    blur = lambda a: ndimage.correlate1d(ndimage.correlate1d(a, weights, axis=0, mode="nearest"), weights, mode="nearest")
    u = v = None
    for a, b in list(zip(pyramid(first), pyramid(second)))[::-1]:
        if u is None:
            u, v = np.zeros_like(a), np.zeros_like(a)
        else:
            rows, columns = (np.minimum(np.arange(n) // 2, m - 1) for n, m in zip(a.shape, u.shape))
            u, v = 2 * u[np.ix_(rows, columns)], 2 * v[np.ix_(rows, columns)]
        p = np.pad(a, 1, mode="edge")
        gx, gy = (p[1:-1, 2:] - p[1:-1, :-2]) / 2, (p[2:, 1:-1] - p[:-2, 1:-1]) / 2
        xx, xy, yy = blur(gx * gx) + 1e-4, blur(gx * gy), blur(gy * gy) + 1e-4
        row, column = np.mgrid[: a.shape[0], : a.shape[1]]
        for _ in range(2):
            d = a - ndimage.map_coordinates(b, [row + v, column + u], order=1, mode="nearest")
            bx, by = blur(gx * d), blur(gy * d)
            det = xx * yy - xy * xy
            u = u + np.clip((yy * bx - xy * by) / det, -2, 2)
            v = v + np.clip((xx * by - xy * bx) / det, -2, 2)
    return np.stack([u, v])


def video(x, y):
    value_range = np.ptp(x.astype(np.float64))
    flows = lambda a: np.stack([lucas_kanade(f / value_range, g / value_range) for f, g in zip(a, a[1:])])
    distance = np.linalg.norm(flows(y.astype(np.float64)) - flows(x.astype(np.float64)), axis=1).ravel()
    return {
        "flow_epe": distance.mean(),
        "flow_epe_p95": np.percentile(distance, 95, method="inverted_cdf"),
        "ssim": np.mean([picture(a, b)["ssim"] for a, b in zip(x, y)]),
    }


def moments(f, spacing):
    v = np.stack(np.meshgrid(*[np.arange(n) * s for n, s in zip(f.shape, spacing)], indexing="ij"))
    n = f.sum()
    u = (f * v).sum((1, 2, 3)) / n
    c = v - u[:, None, None, None]
    pressure = np.einsum("ixyz,jxyz,xyz->ij", c, c, f)
    heat = (f * np.square(c).sum(0) * c).sum((1, 2, 3)) / 2
    positive = f[f > 0]
    return n, u, pressure, np.trace(pressure) / (3 * n), heat, -(positive * np.log(positive)).sum()


def velocity(x, y, spacing, threshold):
    x, y = x.astype(np.float64), y.astype(np.float64)
    (n, u, p, t, q, s), (n2, u2, p2, t2, q2, s2) = moments(x, spacing), moments(y, spacing)
    norm, above = np.linalg.norm, x > threshold
    return {
        "density_err": abs(n2 - n) / abs(n),
        "velocity_err": norm(u2 - u) / np.sqrt(t),
        "pressure_err": norm(p2 - p) / norm(p),
        "temperature_err": abs(t2 - t) / abs(t),
        "heat_flux_err": norm(q2 - q) / norm(q),
        "entropy_err": abs(s2 - s) / abs(s),
        "log10_rmse": np.sqrt(np.square(np.log10(np.maximum(y, threshold)[above] / x[above])).mean()),
        "negative_mass": -y[y < 0].sum() / np.abs(y).sum(),
        "support_err": ((x > threshold) != (y > threshold)).mean(),
    }


CASES = [
    {"name": "a field of three axes", "kind": "field", "dtype": "float64", "shape": [12, 15, 16], "recipe": "rough"},
    {"name": "a smooth field of singles", "kind": "field", "dtype": "float32", "shape": [3, 40, 36], "recipe": "smooth"},
    {"name": "a matrix with prime sides", "kind": "field", "dtype": "float64", "shape": [97, 61], "recipe": "rough"},
    {"name": "a line", "kind": "series", "dtype": "float64", "shape": [5000], "recipe": "rough"},
    {"name": "a prime line of singles", "kind": "series", "dtype": "float32", "shape": [997], "recipe": "smooth"},
    {"name": "four axes", "kind": "field", "dtype": "float32", "shape": [5, 6, 12, 13], "recipe": "smooth"},
    {"name": "whole numbers", "kind": "volume", "dtype": "int16", "shape": [9, 24, 25], "recipe": "picture"},
    {"name": "wide whole numbers", "kind": "volume", "dtype": "int64", "shape": [20, 300], "recipe": "picture"},
    {"name": "a grey picture", "kind": "image", "dtype": "uint8", "shape": [180, 193], "recipe": "picture"},
    {"name": "a picture in colour", "kind": "image", "dtype": "uint8", "shape": [177, 180, 3], "recipe": "picture"},
    {"name": "a small picture", "kind": "image", "dtype": "uint8", "shape": [40, 33], "recipe": "picture"},
    {"name": "a video", "kind": "video", "dtype": "uint8", "shape": [3, 52, 61], "recipe": "moving"},
    {"name": "a distribution", "kind": "vdf", "dtype": "float32", "shape": [14, 15, 16], "recipe": "bump"},
]


def measured(case):
    x, y = arrays(case)
    found = general(x, y) | along_axes(x, y)
    if case["kind"] == "image":
        found |= picture(x, y)
    if case["kind"] == "video":
        found |= video(x, y)
    if case["kind"] == "field" and x.ndim > 1 and min(x.shape[-2:]) >= 11:
        found["dssim"] = dssim(x, y)
    if case["kind"] == "vdf":
        found |= velocity(x, y, [1.5, 2.0, 1.0], 0.25)
    text = lambda value: "inf" if np.isinf(value) else float(value)
    return case | {"values": {name: text(value) for name, value in found.items()}}


if __name__ == "__main__":
    print(json.dumps([measured(case) for case in CASES], indent=1))
