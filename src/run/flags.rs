//! What makes a timing suspect, in words: the `flags` column.

use super::sentinel::Surroundings;

/// Wall over CPU time beyond which a call was kept waiting.
const WAITING: f64 = 1.1;
/// CPUs of others beyond which their memory traffic and their heat are ours too.
const OTHERS: f64 = 0.25;
/// CPUs taken away by the hypervisor.
const STOLEN: f64 = 0.05;
/// Change of the sentinel's copy: what the ratios to memcpy may move by before a row needs a flag.
const DRIFT: f64 = 0.15;
/// Change of the clock rate: about one step of what processors do.
const RATE: f64 = 0.05;
/// Slow-down of work that takes all units of a core, beyond that of the clock.
const CROWDED: f64 = 1.1;
/// Share of outliers at which the median is not safe any more.
const OUTLIERS: f64 = 0.25;
/// Width of the interval against the median.
const WIDE: f64 = 0.15;

/// What was noticed of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Noticed {
    /// Median wall time over median CPU time.
    pub wall_over_cpu: Option<f64>,
    pub repeats: usize,
    pub outliers: usize,
    /// Outliers in which one of our threads was taken off its CPU.
    pub preempted: Option<usize>,
    /// Width of the interval as a share of the median.
    pub width: f64,
}

/// Reasons to doubt a timing, `name: detail`, joined by `; `. Empty where there are none.
///
/// `other_load`, `frequency_change`, `shared_core` and `sentinel_drift` are of the machine; `outliers` and `wide_interval` are of the
/// samples, and say whether preemption explains them.
pub(super) fn flags(around: &Surroundings, encode: &Noticed, decode: &Noticed) -> String {
    let directions = [("encode", encode), ("decode", decode)];
    let machine = [load(around, &directions), rate(around), crowd(around), drift(around)];
    let all = machine.into_iter().chain([outliers(&directions), width(&directions)]);
    all.flatten().collect::<Vec<_>>().join("; ")
}

/// The names in a `flags` column.
pub fn flag_names(flags: &str) -> impl Iterator<Item = &str> {
    flags.split("; ").filter_map(|flag| flag.split(':').next()).filter(|name| !name.is_empty())
}

type Directions<'a> = [(&'static str, &'a Noticed); 2];

fn load(around: &Surroundings, directions: &Directions<'_>) -> Option<String> {
    let mut signs = Vec::new();
    for (name, noticed) in directions {
        if let Some(ratio) = noticed.wall_over_cpu.filter(|&ratio| ratio > WAITING) {
            signs.push(format!("{name} wall time {ratio:.2} x CPU time"));
        }
    }
    if let Some(others) = around.others.filter(|&others| others > OTHERS) {
        signs.push(format!("other processes kept {others:.1} CPUs busy"));
    }
    if let Some(stolen) = around.stolen.filter(|&stolen| stolen > STOLEN) {
        signs.push(format!("the hypervisor took {stolen:.2} CPUs"));
    }
    named("other_load", &signs)
}

fn rate(around: &Surroundings) -> Option<String> {
    let ratio = around.spin_ratio.filter(|&ratio| (ratio - 1.0).abs() > RATE)?;
    named("frequency_change", &[format!("clock rate {:.2} of the usual", 1.0 / ratio)])
}

fn crowd(around: &Surroundings) -> Option<String> {
    let ratio = around.crowd_ratio.filter(|&ratio| ratio > CROWDED)?;
    named("shared_core", &[format!("work of all its units took {ratio:.2} x the usual")])
}

fn drift(around: &Surroundings) -> Option<String> {
    let ratio = around.copy_ratio.filter(|&ratio| (ratio - 1.0).abs() > DRIFT)?;
    named("sentinel_drift", &[format!("copies took {ratio:.2} x the usual")])
}

fn outliers(directions: &Directions<'_>) -> Option<String> {
    let many = directions.iter().filter(|(_, noticed)| noticed.outliers as f64 > OUTLIERS * noticed.repeats as f64);
    let told = many.map(|(name, noticed)| {
        let Noticed { outliers, repeats, preempted, .. } = noticed;
        let why = preempted.map(|preempted| format!(", {preempted} of them preempted")).unwrap_or_default();
        format!("{outliers} of {repeats} {name}s{why}")
    });
    named("outliers", &told.collect::<Vec<_>>())
}

fn width(directions: &Directions<'_>) -> Option<String> {
    let wide = directions.iter().filter(|(_, noticed)| noticed.width > WIDE);
    let told = wide.map(|(name, noticed)| format!("{name} {:.0} %", 100.0 * noticed.width));
    named("wide_interval", &told.collect::<Vec<_>>())
}

fn named(name: &str, signs: &[String]) -> Option<String> {
    (!signs.is_empty()).then(|| format!("{name}: {}", signs.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Surroundings = Surroundings {
        spin_ns: Some(3e4),
        copy_ratio: Some(1.02),
        spin_ratio: Some(1.0),
        crowd_ratio: Some(1.03),
        others: Some(0.1),
        stolen: Some(0.0),
    };
    const CALM: Noticed =
        Noticed { wall_over_cpu: Some(1.01), repeats: 20, outliers: 2, preempted: Some(1), width: 0.03 };

    #[test]
    fn a_quiet_machine_and_calm_samples_raise_no_flag() {
        assert_eq!(flags(&QUIET, &CALM, &CALM), "");
        assert_eq!(flags(&Surroundings::default(), &Noticed::default(), &Noticed::default()), "");
        assert_eq!(flag_names("").count(), 0);
    }

    #[test]
    fn each_reason_has_a_name_and_a_number() {
        let busy = Surroundings { others: Some(1.96), stolen: Some(0.2), ..QUIET };
        let waiting = Noticed { wall_over_cpu: Some(1.5), ..CALM };
        assert_eq!(
            flags(&busy, &waiting, &CALM),
            "other_load: encode wall time 1.50 x CPU time, other processes kept 2.0 CPUs busy, the hypervisor took 0.20 CPUs"
        );
        let shared = Surroundings { crowd_ratio: Some(1.4), ..QUIET };
        assert_eq!(flags(&shared, &CALM, &CALM), "shared_core: work of all its units took 1.40 x the usual");
        let slower = Surroundings { copy_ratio: Some(0.8), spin_ratio: Some(1.25), ..QUIET };
        let text = flags(&slower, &CALM, &CALM);
        assert_eq!(
            text,
            "frequency_change: clock rate 0.80 of the usual; sentinel_drift: copies took 0.80 x the usual"
        );
        assert_eq!(flag_names(&text).collect::<Vec<_>>(), ["frequency_change", "sentinel_drift"]);
    }

    #[test]
    fn outliers_say_whether_preemption_explains_them() {
        let wild = Noticed { outliers: 6, preempted: Some(5), width: 0.25, ..CALM };
        assert_eq!(
            flags(&QUIET, &CALM, &wild),
            "outliers: 6 of 20 decodes, 5 of them preempted; wide_interval: decode 25 %"
        );
        let unknown = Noticed { outliers: 6, preempted: None, ..CALM };
        assert_eq!(flags(&QUIET, &unknown, &CALM), "outliers: 6 of 20 encodes");
    }
}
