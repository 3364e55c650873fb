//! What the visits to a cell say together: its row of timings, and whether another visit would add to it.

use super::flags::{Noticed, flags};
use super::probe::Measured;
use super::sentinel::{Usual, surroundings};
use super::stats::{Spread, median, median_of, spread};
use super::timed::First;
use super::timer::{NARROW, Visit};
use crate::plan::TimingPlan;
use crate::record::{Record, Timing, TimingRecord};

/// The row of a cell that was visited; `None` without a visit.
pub(super) fn timing_record(record: &Record, visits: &[Visit], threads: usize, usual: &Usual) -> Option<TimingRecord> {
    let [encode, decode] = visits.iter().find_map(|visit| visit.first)?;
    let bytes = record.input_bytes? as f64;
    let copy_ns = median(&mut visits.iter().flat_map(|visit| visit.copy.iter().copied()).collect::<Vec<_>>());
    let around = surroundings(usual, &visits.iter().map(|visit| visit.around).collect::<Vec<_>>());
    let of = |side: fn(&Visit) -> &Vec<Measured>, first: &First| {
        let samples: Vec<Vec<Measured>> = visits.iter().map(|visit| side(visit).clone()).collect();
        direction(&samples, first, copy_ns, bytes)
    };
    let (encode, encoding) = of(|visit| &visit.encode, &encode);
    let (decode, decoding) = of(|visit| &visit.decode, &decode);
    Some(TimingRecord {
        name: record.name(),
        threads,
        repeats: encoding.repeats.min(decoding.repeats),
        encode,
        decode,
        visits: Some(visits.len()),
        sentinel_ratio: around.copy_ratio,
        clock_ns: around.spin_ns,
        flags: flags(&around, &encoding, &decoding),
    })
}

/// Whether a cell needs no further visit: the plan's visits are made, and both medians are known or what may be spent is.
pub(super) fn is_done(plan: &TimingPlan, visits: &[Visit]) -> bool {
    let repeats: usize = visits.iter().map(Visit::repeats).sum();
    let lasted: f64 = visits.iter().map(|visit| visit.lasted_ns).sum();
    if visits.len() < plan.visits || repeats < plan.min_repeats {
        return false;
    }
    let spent = repeats >= plan.max_repeats || lasted >= plan.budget_ms as f64 * 1e6;
    let known = |side: fn(&Visit) -> &Vec<Measured>| {
        let walls: Vec<Vec<f64>> = visits.iter().map(|visit| walls(side(visit))).collect();
        spread(&walls).width() <= NARROW
    };
    spent || (known(|visit| &visit.encode) && known(|visit| &visit.decode))
}

fn walls(samples: &[Measured]) -> Vec<f64> {
    samples.iter().map(|sample| sample.wall_ns).collect()
}

/// The columns of one direction, and what makes them suspect.
fn direction(visits: &[Vec<Measured>], first: &First, copy_ns: f64, bytes: f64) -> (Timing, Noticed) {
    let spread = spread(&visits.iter().map(|visit| walls(visit)).collect::<Vec<_>>());
    let all: Vec<Measured> = visits.concat();
    let cpu_ns = median_of(all.iter().map(|one| one.cpu_ns));
    let counted = |count: fn(&Measured) -> Option<u64>| {
        median_of(all.iter().map(|one| count(one).map(|count| count as f64))).map(|count| count.round() as u64)
    };
    let outliers: Vec<&Measured> = all.iter().filter(|one| spread.is_outlier(one.wall_ns)).collect();
    let preempted = outliers.iter().map(|one| one.preemptions).collect::<Option<Vec<_>>>();
    let noticed = Noticed {
        wall_over_cpu: cpu_ns.filter(|&cpu| cpu > 0.0).map(|cpu| spread.median / cpu),
        repeats: all.len(),
        outliers: outliers.len(),
        preempted: preempted.map(|counts| counts.iter().filter(|&&count| count > 0).count()),
        width: spread.width(),
    };
    let timing = Timing {
        first_ns: Some(first.cold.wall_ns),
        cpu_ns,
        instructions: counted(|one| Some(one.counts?.instructions)),
        cycles: counted(|one| Some(one.counts?.cycles)),
        peak_bytes: first.peak_bytes,
        resident_bytes: first.resident_bytes,
        outliers: Some(outliers.len()),
        ..speeds(&spread, copy_ns, bytes)
    };
    (timing, noticed)
}

fn speeds(spread: &Spread, copy_ns: f64, bytes: f64) -> Timing {
    let Spread { median, mad, low, high } = *spread;
    Timing {
        median_ns: median,
        mad_ns: mad,
        ci_low_ns: low,
        ci_high_ns: high,
        // Bytes per nanosecond are 1e9 bytes per second.
        mb_s: bytes / median * 1e3,
        memcpy_ratio: copy_ns / median,
        ..Timing::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::counters::Counts;

    const PLAN: TimingPlan =
        TimingPlan { enabled: true, min_repeats: 6, max_repeats: 30, budget_ms: 100, warmup_ms: 1, visits: 3, seed: 0 };

    fn samples(walls: &[f64]) -> Vec<Measured> {
        walls.iter().map(|&wall_ns| Measured { wall_ns, cpu_ns: Some(wall_ns / 2.0), ..Measured::default() }).collect()
    }

    fn visit_of(wall: f64, repeats: usize, lasted_ns: f64) -> Visit {
        let calls = samples(&vec![wall; repeats]);
        Visit { encode: calls.clone(), decode: calls, copy: vec![1.0], lasted_ns, ..Visit::default() }
    }

    #[test]
    fn speeds_are_in_megabytes_per_second_and_relative_to_the_copy() {
        // 4e6 bytes in 2 ms are 2000 MB/s; the copy took 0.5 ms.
        let (timing, noticed) = direction(&[samples(&[2e6; 5])], &First::default(), 5e5, 4e6);
        assert_eq!((timing.mb_s, timing.memcpy_ratio, timing.cpu_ns), (2000.0, 0.25, Some(1e6)));
        assert_eq!((timing.instructions, timing.outliers, noticed.wall_over_cpu), (None, Some(0), Some(2.0)));
    }

    #[test]
    fn counts_are_medians_and_absent_if_one_of_them_is() {
        let counts = |instructions| Some(Counts { instructions, cycles: 2 * instructions });
        let mut calls = samples(&[1e3; 3]);
        for (call, count) in calls.iter_mut().zip([10, 30, 20]) {
            call.counts = counts(count);
        }
        let (timing, _) = direction(&[calls.clone()], &First::default(), 1.0, 1.0);
        assert_eq!((timing.instructions, timing.cycles), (Some(20), Some(40)));
        calls[1].counts = None;
        assert_eq!(direction(&[calls], &First::default(), 1.0, 1.0).0.instructions, None);
    }

    #[test]
    fn outliers_are_counted_with_those_that_preemption_explains() {
        let mut calls = samples(&[100.0, 100.0, 101.0, 99.0, 180.0, 170.0]);
        calls.iter_mut().for_each(|call| call.preemptions = Some(0));
        calls[4].preemptions = Some(2);
        let (timing, noticed) = direction(&[calls], &First::default(), 1.0, 1.0);
        assert_eq!((timing.outliers, noticed.preempted), (Some(2), Some(1)));
    }

    #[test]
    fn a_cell_is_visited_until_its_visits_agree_or_the_budget_or_the_repeats_are_spent() {
        let agreeing = [visit_of(1e6, 2, 2e6), visit_of(1e6, 2, 2e6), visit_of(1.001e6, 2, 2e6)];
        assert!(is_done(&PLAN, &agreeing));
        assert!(!is_done(&PLAN, &agreeing[..2]), "three visits are planned");
        let apart = [visit_of(1e6, 2, 2e6), visit_of(1e6, 2, 2e6), visit_of(1.2e6, 2, 2e6)];
        assert!(!is_done(&PLAN, &apart));
        let expensive = [visit_of(1e6, 2, 2e6), visit_of(1e6, 2, 2e6), visit_of(1.2e6, 2, 97e6)];
        assert!(is_done(&PLAN, &expensive));
        let many = [visit_of(1e6, 20, 2e6), visit_of(1e6, 2, 2e6), visit_of(1.2e6, 8, 2e6)];
        assert!(is_done(&PLAN, &many));
        let few = [visit_of(1e6, 1, 2e6), visit_of(1e6, 1, 2e6), visit_of(1e6, 1, 97e6)];
        assert!(!is_done(&PLAN, &few), "six repeats at least");
    }
}
