//! zlib, lzma and zfp.

use codecbench_methods::api::Target;
use serde_json::json;

use crate::sample::{round_trip, sample};

#[test]
fn zlib_streams_are_those_of_the_reference_library_to_the_byte() {
    let Some(values) = sample() else { return };
    for (shuffle, level, reference) in
        [("none", 1, 327_309), ("none", 6, 325_240), ("none", 9, 325_019), ("byte", 9, 286_196)]
    {
        let params = json!({ "shuffle": shuffle, "level": level });
        let (bytes, back) = round_trip("zlib", &params, Target::Lossless, &values);
        println!("zlib:shuffle={shuffle}:level={level}: {bytes} bytes, reference {reference}");
        assert_eq!(back, values);
        assert_eq!(bytes, reference, "{shuffle} {level}");
    }
}

/// Python's `lzma.compress` puts a container around the stream: its length rounded up to words, and 56 bytes.
#[test]
fn lzma_streams_are_those_of_the_reference_library_to_the_byte() {
    let Some(values) = sample() else { return };
    for (shuffle, reference) in [("none", 294_056), ("byte", 273_360)] {
        let (bytes, back) = round_trip("lzma", &json!({ "shuffle": shuffle, "level": 6 }), Target::Lossless, &values);
        println!("lzma:shuffle={shuffle}: {bytes} bytes, reference {reference} in its container");
        assert_eq!(back, values);
        assert_eq!(bytes.next_multiple_of(4) + 56, reference);
    }
}

/// Bytes of the stream (whole words) and the greatest error, measured with zfpy 1.0.1 without its header.
#[cfg(feature = "zfp")]
const ZFP_SWEEP: [(f64, usize, f64); 6] = [
    (1e-12, 1872, 8.44e-14),
    (1e-13, 5728, 8.56e-15),
    (1e-14, 15208, 1.385e-15),
    (1e-15, 35160, 2.29e-16),
    (1e-16, 75352, 1.41e-17),
    (1e-17, 110536, 1.63e-18),
];

#[cfg(feature = "zfp")]
#[test]
fn zfp_streams_and_errors_are_those_of_the_reference_sweep() {
    let Some(values) = sample() else { return };
    for (tolerance, reference, reference_error) in ZFP_SWEEP {
        let params = json!({ "tolerance": tolerance });
        let (bytes, back) = round_trip("zfp", &params, Target::Native, &values);
        let errors = values.iter().zip(&back).map(|(&x, &y)| (f64::from(x) - f64::from(y)).abs());
        let error = errors.fold(0.0, f64::max);
        println!(
            "zfp:tolerance={tolerance:e}: {bytes} bytes, error {error:e}; reference {reference}, {reference_error:e}"
        );
        // The payload leaves out the zeros at the end, which fill the last words.
        assert!(bytes <= reference && bytes + 16 > reference, "{tolerance:e}: {bytes} bytes, not {reference}");
        assert!((error / reference_error - 1.0).abs() < 5e-3, "{tolerance:e}: error {error:e}");
        let (bounded, _) = round_trip("zfp", &json!({}), Target::MaxAbs(tolerance), &values);
        assert_eq!(bounded, bytes + 1, "the bound holds at once and one byte says so");
        let (searched, back) = round_trip("zfp", &json!({ "search": true }), Target::MaxAbs(tolerance), &values);
        assert!(searched < bounded);
        assert!(values.iter().zip(&back).all(|(&x, &y)| (f64::from(x) - f64::from(y)).abs() <= tolerance));
        println!("  searched: {searched} bytes");
    }
}
