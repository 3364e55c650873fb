//! The sparsity threshold, from the configuration that a simulation keeps in its file.

/// Value above which a population's phase-space density is kept, in its unit: `minValue` of the section
/// `[POPULATION_sparse]`, or of `[sparse]` where there is only one population without a name.
pub(super) fn threshold(config: &str, population: &str) -> Option<f64> {
    let wanted = if population.is_empty() { "sparse".to_string() } else { format!("{population}_sparse") };
    let mut section = "";
    let mut found = None;
    for line in config.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((key, value)) = line.split_once('=')
            && section == wanted
            && key.trim() == "minValue"
        {
            found = value.trim().parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_of_the_population_counts_and_a_comment_does_not() {
        let config =
            "minValue = 9\n[a_sparse]\n#minValue = 8\nminValue = 1.0e-16 # s^3/m^6\n[b_sparse]\nminValue = x\n";
        assert_eq!(threshold(config, "a"), Some(1e-16));
        assert_eq!(threshold(config, "b"), None);
        assert_eq!(threshold(config, ""), None);
        assert_eq!(threshold("[sparse]\nminValue=2", ""), Some(2.0));
    }
}
