//! Hand-computed examples, and one array whose metrics NumPy 2.4 and SciPy 1.17 computed.

use codecbench_methods::api::{Tensor, TensorRef, View};
use ndarray::{Array3, ArrayD, IxDyn};

use super::{Metric, Metrics, Original, measure};
use crate::dataset::Kind;

fn compare<T>(kind: Kind, fill: Option<f64>, x: &[T], y: &[T]) -> Metrics
where
    for<'a> TensorRef<'a>: From<View<'a, T>>,
{
    let view = |data| View::from_slice(&[x.len()], data).expect("as many values in both");
    let original = Original::new(view(x).into(), kind, fill);
    measure(&original, &view(y).into(), Some(4.0))
}

fn field(x: &[f64], y: &[f64]) -> Metrics {
    compare(Kind::Field, None, x, y)
}

#[track_caller]
fn assert_near(metrics: &Metrics, metric: Metric, expected: f64) {
    let found = metrics.get(metric).unwrap_or_else(|| panic!("{} is absent", metric.name()));
    assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{}: {found} is not {expected}", metric.name());
}

#[test]
fn four_numbers_by_hand() {
    // x = 0, 1, 2, 5 and e = 1, 0, -1, 0: R = 5, mean square error 1/2, sum |x| = 8, sum x^2 = 30, var x = 3.5.
    let metrics = field(&[0.0, 1.0, 2.0, 5.0], &[1.0, 1.0, 1.0, 5.0]);
    assert_near(&metrics, Metric::MaxAbsErr, 1.0);
    assert_eq!(metrics.get(Metric::MaxAbsErrAt), Some(0.0));
    assert_near(&metrics, Metric::MeanAbsErr, 0.5);
    assert_near(&metrics, Metric::Bias, 0.0);
    assert_near(&metrics, Metric::Rmse, 0.5f64.sqrt());
    assert_near(&metrics, Metric::Nrmse, 0.5f64.sqrt() / 5.0);
    assert_near(&metrics, Metric::PsnrRange, 10.0 * 50f64.log10());
    assert_near(&metrics, Metric::SnrDb, 10.0 * 7f64.log10());
    assert_near(&metrics, Metric::AccuracyGain, 7f64.log2() / 2.0 - 4.0);
    assert_near(&metrics, Metric::L1Rel, 2.0 / 8.0);
    assert_near(&metrics, Metric::L2Rel, (2f64 / 30.0).sqrt());
    // Centred x = -2, -1, 0, 3 and y = -1, -1, -1, 3: covariance 12 / 4, variances 14 / 4 and 12 / 4.
    assert_near(&metrics, Metric::PearsonR, 12.0 / (14f64 * 12.0).sqrt());
    assert_near(&metrics, Metric::OneMinusR2, 1.0 - 144.0 / 168.0);
    // Sorted, y = 1, 1, 1, 5 stands at distances 1, 0, 1, 0 from x; below 1 lies 1 of 4 values of x and none of y.
    assert_near(&metrics, Metric::Ks, 0.25);
    assert_near(&metrics, Metric::Wasserstein, 0.5 / 5.0);
    assert_near(&metrics, Metric::ErrAutocorr1, 0.0);
    // Central differences of x: 1, 2; of e: -1, 0.
    assert_near(&metrics, Metric::GradNrmse, 0.5f64.sqrt());
    assert_eq!(metrics.get(Metric::MaxPointwiseRelErr), Some(f64::INFINITY), "a zero came back as 1");
    assert_eq!(metrics.get(Metric::PsnrPeak), None, "not an image");
}

#[test]
fn sixty_numbers_as_numpy_and_scipy_see_them() {
    let x = Array3::from_shape_fn((4, 5, 3), |(i, j, k)| f64::from(((i * 15 + j * 3 + k) as u32 * 7919) % 101) / 8.0);
    let error = |(i, j, k)| (f64::from(((i * 15 + j * 3 + k) as u32 * 31) % 17) - 8.0) / 64.0;
    let y = Array3::from_shape_fn((4, 5, 3), |at| x[at] + error(at));
    let (x, y) = (Tensor::from(x.into_dyn()), Tensor::from(y.into_dyn()));
    let metrics = measure(&Original::new(x.view(), Kind::Field, None), &y.view(), Some(4.0));
    for (metric, expected) in [
        (Metric::Rmse, 0.07736610577582839),
        (Metric::MeanAbsErr, 0.06692708333333333),
        (Metric::Bias, 0.0018229166666666667),
        (Metric::Nrmse, 0.006189288462066272),
        (Metric::PsnrRange, 44.16718551640001),
        (Metric::SnrDb, 33.56595270599365),
        (Metric::AccuracyGain, 1.5751840662850398),
        (Metric::L1Rel, 0.010776585038577658),
        (Metric::L2Rel, 0.010710820960996683),
        (Metric::PearsonR, 0.9997821904240933),
        (Metric::OneMinusR2, 0.0004355717108019969),
        (Metric::Ks, 0.016666666666666666),
        (Metric::Wasserstein, 0.005354166666666667),
        (Metric::ErrAutocorr1, 0.09440621540019573),
        (Metric::GradNrmse, 0.005289169442131302),
        (Metric::MaxAbsErr, 0.125),
        (Metric::MaxPointwiseRelErr, f64::INFINITY),
    ] {
        match metrics.get(metric) {
            Some(found) if found == expected => {}
            _ => assert_near(&metrics, metric, expected),
        }
    }
}

#[test]
fn a_missing_value_must_come_back_and_counts_for_nothing_else() {
    let x = [f32::NAN, 1.0, f32::INFINITY, -999.0, 3.0];
    let kept = compare(Kind::Field, Some(-999.0), &x, &[-f32::NAN, 1.5, f32::INFINITY, -999.0, 3.0]);
    assert_eq!((kept.get(Metric::MissingMismatch), kept.get(Metric::MaxAbsErr)), (Some(0.0), Some(0.5)));
    assert_near(&kept, Metric::Nrmse, (0.125f64).sqrt() / 2.0);
    let lost = compare(Kind::Field, Some(-999.0), &x, &[0.0, 1.0, f32::NEG_INFINITY, -998.0, 3.0]);
    assert_eq!((lost.get(Metric::MissingMismatch), lost.get(Metric::MaxAbsErr)), (Some(3.0), Some(0.0)));
}

#[test]
fn a_finite_value_that_came_back_non_finite_makes_the_error_infinite() {
    for lost in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let metrics = field(&[1.0, 2.0, 4.0], &[1.0, lost, 4.0]);
        for metric in [Metric::MaxAbsErr, Metric::Rmse, Metric::MeanAbsErr] {
            assert_eq!(metrics.get(metric).map(f64::is_infinite), Some(true), "{} for {lost}", metric.name());
        }
        assert_eq!(metrics.get(Metric::MaxAbsErrAt), Some(1.0));
    }
}

#[test]
fn nothing_has_no_metrics_and_no_mismatch() {
    let metrics = field(&[], &[]);
    assert_eq!(metrics.get(Metric::MissingMismatch), Some(0.0));
    for &metric in Metric::ALL.iter().filter(|&&metric| metric != Metric::MissingMismatch) {
        assert_eq!(metrics.get(metric), None, "{}", metric.name());
    }
    let missing = field(&[f64::NAN], &[1.0]);
    assert_eq!((missing.get(Metric::MissingMismatch), missing.get(Metric::Rmse)), (Some(1.0), None));
}

#[test]
fn a_constant_has_an_infinite_psnr_when_exact_and_none_otherwise() {
    let exact = field(&[7.0; 5], &[7.0; 5]);
    assert_eq!((exact.get(Metric::PsnrRange), exact.get(Metric::Nrmse)), (Some(f64::INFINITY), None));
    let wrong = field(&[7.0; 5], &[7.0, 7.0, 7.0, 7.0, 8.0]);
    assert_eq!((wrong.get(Metric::PsnrRange), wrong.get(Metric::PearsonR)), (None, None));
}

#[test]
fn unchanged_bits_and_changed_zeros_measure_alike() {
    // A zero that lost its sign is not identical, so it takes the long way to the same numbers.
    let x = [0.0, 1.0, -2.5, 8.0, 3.0];
    let short = field(&x, &x);
    let long = field(&x, &[-0.0, 1.0, -2.5, 8.0, 3.0]);
    assert_eq!(short, long);
    assert_eq!(short.get(Metric::SnrDb), Some(f64::INFINITY));
}

#[test]
fn wide_integers_are_compared_without_rounding() {
    let metrics = compare(Kind::Field, None, &[u64::MAX, 0], &[u64::MAX - 3, 0]);
    assert_eq!(metrics.get(Metric::MaxAbsErr), Some(3.0));
    assert_near(&metrics, Metric::MeanAbsErr, 1.5);
    let metrics = compare(Kind::Labels, None, &[i64::MIN, i64::MAX], &[i64::MIN + 1, i64::MAX]);
    assert_eq!(metrics.get(Metric::Bias), Some(0.5));
}

#[test]
fn images_are_also_measured_against_their_peak() {
    // Mean square error 1/2 against 255.
    let metrics = compare(Kind::Image, None, &[10u8, 20], &[11u8, 20]);
    assert_near(&metrics, Metric::PsnrPeak, 10.0 * (255f64 * 255.0 * 2.0).log10());
    let metrics = compare(Kind::Video, None, &[10u16, 20], &[11u16, 20]);
    assert_near(&metrics, Metric::PsnrPeak, 10.0 * (65535f64 * 65535.0 * 2.0).log10());
}

#[test]
fn the_unit_of_the_data_does_not_matter_even_near_the_ends_of_the_range() {
    let x: Vec<f64> = (0..100).map(|at| f64::from(at * at % 37)).collect();
    let y: Vec<f64> = x.iter().enumerate().map(|(at, x)| x + f64::from(at as u32 % 3) * 0.125).collect();
    let plain = field(&x, &y);
    for unit in [2f64.powi(1000), 2f64.powi(-1000)] {
        let scaled = |data: &[f64]| data.iter().map(|value| value * unit).collect::<Vec<_>>();
        let metrics = field(&scaled(&x), &scaled(&y));
        for metric in [Metric::PsnrRange, Metric::PearsonR, Metric::L2Rel, Metric::Wasserstein, Metric::GradNrmse] {
            assert_eq!(metrics.get(metric), plain.get(metric), "{}", metric.name());
        }
        assert_eq!(metrics.get(Metric::Rmse).map(|rmse| rmse / unit), plain.get(Metric::Rmse));
    }
}

#[test]
fn gradients_do_not_cross_a_missing_value() {
    let metrics = field(&[0.0, 1.0, f64::NAN, 3.0, 8.0], &[0.5, 1.0, f64::NAN, 3.0, 8.0]);
    assert_eq!(metrics.get(Metric::GradNrmse), None, "the one difference left has no range");
}

#[test]
fn metrics_are_the_same_for_one_and_two_threads() {
    let data = |salt: u32| -> Tensor {
        let value = |at: IxDyn| ((at[0] as u32 * 719 + at[1] as u32 * 31 + salt) % 1009) as f32;
        Tensor::from(ArrayD::from_shape_fn(IxDyn(&[500, 700]), value))
    };
    let (x, y) = (data(0), data(1));
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
        pool.install(|| measure(&Original::new(x.view(), Kind::Field, None), &y.view(), None))
    };
    assert_eq!(run(1), run(2));
}
