"""Runs the seed notebook's ways to fit a velocity distribution function and prints one JSON object per line.

    python vdf_fits.py FILE NX,NY,NZ METHOD...

FILE holds little-endian float32 in C order. Each line has the method, the seconds that its fit took (by the clock, and of the CPU), and what the
notebook would print: n (per cent), l1, and l2 over the norm of the reconstruction. The algorithms are the notebook's,
its ways of counting are not. Packages: requirements.txt.
"""

import json
import sys
import time

import numpy as np
from scipy import special
from scipy.optimize import curve_fit


def maxwellian(v, amplitude, ux, uy, uz, sx, sy, sz):
    x, y, z = v
    return amplitude * np.exp(-((x - ux) ** 2 / sx**2 + (y - uy) ** 2 / sy**2 + (z - uz) ** 2 / sz**2) / 2)


def hermite(f, orders=15):
    """Maxwellian by least squares, then each coefficient as a sum over all cells of a product of three functions."""
    n = f.shape[0]
    axis = np.linspace(0, n, n)
    grid = [part.ravel() for part in np.meshgrid(axis, axis, axis, indexing="ij")]
    flat = f.ravel().astype(np.float64)
    start = (1e-14, n, n, n, 10, 10, 10)
    parameters, _ = curve_fit(maxwellian, grid, flat, p0=start, maxfev=10000)
    amplitude, bulk, thermal = parameters[0], parameters[1:4], parameters[4:7]
    functions = []
    for v, u, s in zip(grid, bulk, thermal):
        y = (v - u) / s
        norms = [np.sqrt(2.0**m * special.factorial(m) * np.sqrt(np.pi) * s) for m in range(orders)]
        functions.append([np.exp(-(y**2) / 2) * special.eval_hermite(m, y) / norms[m] for m in range(orders)])
    scaled, back = flat / amplitude, np.zeros_like(flat)
    for x in functions[0]:
        for y in functions[1]:
            product = x * y
            for z in functions[2]:
                basis = product * z
                back += np.sum(scaled * basis) * basis
    return (back * amplitude).reshape(f.shape)


def pca(f, components=30):
    """Principal components of the log10 of the distribution, one sample per plane."""
    from sklearn.decomposition import PCA

    logs = np.log10(np.maximum(f, 1e-16)).reshape(f.shape[0], -1)
    model = PCA(n_components=components, random_state=0)
    back = 10 ** model.inverse_transform(model.fit_transform(logs))
    back[back <= 1e-16] = 0
    return back.reshape(f.shape)


def gmm(f, components=15, levels=300):
    """Every cell replicated by how often a 300th of the maximum fits into it, then a mixture with full covariances."""
    from sklearn.mixture import GaussianMixture

    unit = f.max() / levels
    counts = np.maximum(np.floor(f / unit), 0).astype(int)
    cells = np.argwhere(counts > 0)
    points = np.repeat(cells, counts[counts > 0], axis=0).astype(np.float64)
    model = GaussianMixture(components, random_state=0).fit(points)
    grid = np.indices(f.shape).reshape(f.ndim, -1).T.astype(np.float64)
    density = np.exp(model.score_samples(grid)).reshape(f.shape)
    return density * len(points) * unit


def octree(f, tolerance=0.3, degree=3, most=500):
    """Leaves of products of Legendre polynomials, split where the gradient of the residual is largest."""
    size = 3 * 2 ** int(np.ceil(np.log2(max(f.shape) / 3)))
    cube = np.zeros((size,) * 3)
    cube[tuple(slice(0, n) for n in f.shape)] = f / f.max()

    def model(block):
        x = 2 * (np.arange(block.shape[0]) + 0.5) / block.shape[0] - 1
        basis = np.polynomial.legendre.legvander(x, degree - 1)
        project = basis @ np.linalg.pinv(basis)
        return np.einsum("ai,bj,ck,ijk->abc", project, project, project, block, optimize=True)

    def error(residual):
        return size**-1.5 * sum(np.sum(np.diff(residual, axis=axis) ** 2) for axis in range(3))

    def leaf(corner, side):
        part = tuple(slice(start, start + side) for start in corner)
        fit = model(cube[part])
        return [corner, side, fit, error(cube[part] - fit)]

    leaves = [leaf((0, 0, 0), size)]
    first = None
    for _ in range(most):
        errors = np.array([entry[3] for entry in leaves])
        largest, total = errors.max(), errors[errors > 0].sum()
        first = first or total
        back = np.zeros_like(cube)
        for corner, side, fit, _ in leaves:
            back[tuple(slice(start, start + side) for start in corner)] = fit
        if np.sqrt(total / first) < tolerance:
            break
        kept = []
        for entry in leaves:
            corner, side = entry[0], entry[1]
            if entry[3] != largest or side <= 3:
                kept.append(entry)
                continue
            half = side // 2
            for shift in np.ndindex(2, 2, 2):
                kept.append(leaf(tuple(c + half * s for c, s in zip(corner, shift)), half))
        leaves = kept
    return back[tuple(slice(0, n) for n in f.shape)] * f.max()


def spherical_harmonics(f, degree=10):
    """Shells sampled on a grid of angles, projected on real harmonics and written back, the last writer winning."""
    n = f.shape[0]
    # Projected and sampled angles differ, as in the original.
    t, p = np.meshgrid(np.deg2rad(180 - np.arange(180)), np.deg2rad(np.arange(360) - 180), indexing="ij")
    harmonics = []
    for order in range(degree + 1):
        for m in range(-order, order + 1):
            y = special.sph_harm_y(order, abs(m), t, p)
            harmonics.append(y.real if m == 0 else np.sqrt(2) * (y.imag if m < 0 else y.real))
    harmonics = np.array(harmonics)
    theta, phi = np.meshgrid(np.linspace(0, np.pi, 180), np.linspace(0, 2 * np.pi, 360), indexing="ij")
    direction = np.stack([np.cos(theta), np.sin(theta) * np.sin(phi), np.sin(theta) * np.cos(phi)])
    weight = np.sin(t) / t.size
    back = np.zeros(f.shape)
    for radius in np.linspace(0, 1, n):
        index = tuple(np.floor((radius * direction + 1) * (n // 2 - 1) + 0.5).astype(int))
        shell = f[index].astype(np.float64)
        largest = shell.max()
        if largest <= 0:
            continue
        coefficients = np.tensordot(harmonics, shell / largest * weight, axes=2)
        values = np.tensordot(coefficients, harmonics, axes=1)
        back[index] = values / values.max() * largest
    return back


METHODS = {
    "hermite": hermite,
    "pca": pca,
    "gmm": gmm,
    "octree": octree,
    "spherical-harmonics": spherical_harmonics,
}


def main():
    path, shape, names = sys.argv[1], tuple(map(int, sys.argv[2].split(","))), sys.argv[3:]
    f = np.fromfile(path, "<f4").reshape(shape)
    for name in names:
        start, cpu = time.perf_counter(), time.process_time()
        back = METHODS[name](f)
        times = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
        total, other = f.sum(dtype=np.float64), back.sum()
        statistics = {
            "n": abs(total - other) / ((total + other) / 2) * 100,
            "l1": np.abs(f - back).sum() / np.abs(f).sum(),
            "l2": np.linalg.norm(f - back) / np.linalg.norm(back),
        }
        print(json.dumps({"method": name} | times | {k: float(v) for k, v in statistics.items()}), flush=True)


if __name__ == "__main__":
    main()
