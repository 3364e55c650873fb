//! From what an array is like to the methods worth trying first.

use codecbench_methods::METHODS;
use serde::Serialize;

use super::{AxisStudy, Study};
use crate::dataset::Kind;

/// A method worth trying, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// The method, with parameters where they matter, as the command line takes it.
    pub method: String,
    /// The target, as the command line takes it.
    pub target: String,
    /// What in the data speaks for it.
    pub reason: String,
}

/// The methods worth trying, the strongest reasons first. Only methods of this build that take the array's type and
/// rank; each once per target.
pub fn advise(study: &Study) -> Vec<Advice> {
    let mut found: Vec<Advice> = Vec::new();
    let all = [repeated(study), lossless(study), distribution(study), smooth(study), stepped(study), noise(study)];
    for advice in all.into_iter().flatten().filter(|advice| fits(study, &advice.method)) {
        if !found.iter().any(|known| known.method == advice.method && known.target == advice.target) {
            found.push(advice);
        }
    }
    found
}

fn fits(study: &Study, method: &str) -> bool {
    let id = method.split(':').next().unwrap_or(method);
    let entry = METHODS.iter().find(|entry| entry.id() == id);
    entry.and_then(|entry| entry.capabilities().ok()).is_some_and(|can| {
        (can.min_rank..=can.max_rank).contains(&study.shape.len())
            && can.targets.iter().any(|row| row.dtypes.contains(&study.dtype))
    })
}

fn advice(method: &str, target: &str, reason: String) -> Advice {
    Advice { method: method.to_string(), target: target.to_string(), reason }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// The axis along which neighbours are most alike.
fn most_coherent(study: &Study) -> Option<&AxisStudy> {
    study
        .axes
        .iter()
        .filter(|axis| axis.correlation.is_some())
        .max_by(|a, b| a.correlation.unwrap_or(0.0).total_cmp(&b.correlation.unwrap_or(0.0)))
}

/// Where bytes repeat, a dictionary coder finds them.
fn repeated(study: &Study) -> Vec<Advice> {
    let values = &study.values;
    let equal = study.axes.iter().map(|axis| axis.equal).fold(0.0, f64::max);
    let mut reasons = Vec::new();
    if study.kind == Kind::Labels {
        reasons.push("labels have no arithmetic: only what repeats can be used".to_string());
    }
    if values.distinct == 1 {
        reasons.push("there is one value only".to_string());
    }
    if let Some(rows) = values.repeated_rows.filter(|&rows| rows > 0.1) {
        reasons.push(format!("{} of the rows equal the row before", percent(rows)));
    }
    if values.zeros + values.fill > 0.4 {
        reasons.push(format!("{} are zeros or fill values", percent(values.zeros + values.fill)));
    }
    if equal > 0.5 {
        reasons.push(format!("up to {} of neighbours are equal", percent(equal)));
    }
    let found = reasons.into_iter().take(1).map(|reason| advice("zlib", "lossless", reason));
    found.collect()
}

/// Where neighbours differ by less than values vary, differences are shorter than values.
fn lossless(study: &Study) -> Vec<Advice> {
    let own = study.values.entropy;
    if study.kind == Kind::Labels {
        return Vec::new();
    }
    // Where nearly all numbers looked at differ, their entropy says how many they are and no more.
    let told = |axis: &&AxisStudy| axis.difference_entropy < libm::log2(axis.pairs.max(1) as f64) - 1.0;
    let axes: Vec<&AxisStudy> = study.axes.iter().filter(told).collect();
    let least = |bits: fn(&AxisStudy) -> f64| {
        let gaining = axes.iter().filter(|axis| own - bits(axis) > 0.3);
        gaining.min_by(|a, b| bits(a).total_cmp(&bits(b))).map(|axis| (axis.axis, bits(axis)))
    };
    let mut found = Vec::new();
    if let Some((axis, bits)) = least(|axis| axis.difference_entropy) {
        let reason = format!("differences along axis {axis} take {bits:.2} bits, values {own:.2}");
        found.push(advice("spatial-delta", "lossless", reason));
    } else if let Some((axis, times)) = smaller_differences(study).filter(|_| axes.is_empty()) {
        let reason =
            format!("differences along axis {axis} are {times:.1} times smaller than values: leading bits vanish");
        found.push(advice("spatial-delta", "lossless", reason));
    }
    if let Some((axis, bits)) = least(|axis| axis.s_transform_entropy) {
        let reason =
            format!("averages and differences of pairs along axis {axis} take {bits:.2} bits, values {own:.2}");
        found.push(advice("haar-pair", "lossless", reason));
    }
    found
}

/// The axis along which differences are smallest, and how many times smaller than values (by standard deviation) they
/// are, if that is four times or more.
fn smaller_differences(study: &Study) -> Option<(usize, f64)> {
    let std = study.values.std?;
    let times = |axis: &AxisStudy| std / (axis.c1_std * std::f64::consts::SQRT_2);
    let found = study.axes.iter().filter(|axis| axis.c1_std > 0.0).map(|axis| (axis.axis, times(axis)));
    found.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, times)| *times >= 4.0)
}

/// Velocity distributions have bases of their own.
fn distribution(study: &Study) -> Vec<Advice> {
    if study.kind != Kind::Vdf {
        return Vec::new();
    }
    [
        ("gmm", "a velocity distribution: a few Gaussians hold most of it"),
        ("hermite", "a velocity distribution near a Maxwellian: Hermite functions around it"),
        ("spherical-harmonics", "a velocity distribution: shells around its mean velocity"),
        ("octree", "a velocity distribution: fine cells only where it varies"),
        ("pca", "a velocity distribution: few products of profiles along its axes"),
    ]
    .map(|(method, reason)| advice(method, "l2=.05", reason.to_string()))
    .into()
}

/// Where neighbours are alike over a distance, transforms and predictors gather what little there is to say.
fn smooth(study: &Study) -> Vec<Advice> {
    let Some(best) = most_coherent(study).filter(|_| study.kind != Kind::Labels) else { return Vec::new() };
    let correlation = best.correlation.unwrap_or(0.0);
    if correlation < 0.8 {
        return Vec::new();
    }
    let far = match best.correlation_length {
        Some(length) => format!("alike over {length:.1} places"),
        None => "alike over half the axis and more".to_string(),
    };
    let along = format!("neighbours along axis {} correlate by {correlation:.4}, {far}", best.axis);
    let long = best.correlation_length.is_none_or(|length| length >= 4.0);
    let mut found = Vec::new();
    if long {
        found.push(advice("wavelet", "rel=1e-3", format!("{along}: coarse levels tell fine ones")));
    }
    if correlation > 0.98 {
        found.push(advice("adaptive-grid", "rel=1e-3", format!("{along}: points between points can be interpolated")));
    }
    found.push(advice("block-dct", "rel=1e-3", format!("{along}: a few cosines hold a block")));
    if study.dtype.is_float() {
        found.push(advice("zfp", "rel=1e-3", format!("{along}: fast, in blocks of four")));
    }
    found
}

/// Where floats are multiples of a step, half a step of error is none.
fn stepped(study: &Study) -> Vec<Advice> {
    let Some(lattice) = study.values.lattice.filter(|_| study.dtype.is_float()) else { return Vec::new() };
    let reason = format!(
        "values are multiples of {:.6e}: under half a step, rounding to the nearest multiple gives them back",
        lattice.step
    );
    let method = if most_coherent(study).is_some_and(|axis| axis.correlation > Some(0.8)) { "wavelet" } else { "zlib" };
    vec![advice(method, &format!("abs={:.3e}", 0.49 * lattice.step), reason)]
}

/// Where neighbours have nothing to do with each other, fewer digits are all that helps.
fn noise(study: &Study) -> Vec<Advice> {
    let alike = most_coherent(study).and_then(|axis| axis.correlation).unwrap_or(0.0);
    if alike >= 0.3 || study.kind == Kind::Labels || study.values.distinct <= 1 {
        return Vec::new();
    }
    let reason = format!("neighbours correlate by {alike:.2} at best: no transform gains much");
    let lossy = format!("{reason}; a bound saves the digits below it");
    vec![advice("zlib", "lossless", reason), advice("adaptive-grid", "rel=1e-3", lossy)]
}
