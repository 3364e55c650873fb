//! Both coders through the one interface.

use super::*;

/// Symbols whose size follows the context, a few of them far off.
fn sample(n: usize, contexts: u8, wide: bool) -> (Vec<u8>, Vec<u8>) {
    let mut state = 0x1234_5678u64;
    (0..n)
        .map(|i| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let draw = (state >> 33) as u32;
            let context = (i / 5 % usize::from(contexts)) as u8;
            let zeros = (draw | 1 << 20).trailing_zeros();
            let symbol = if wide { draw % (7 + 5 * u32::from(context)) } else { zeros.saturating_sub(5) };
            (symbol.min(126) as u8, context * 3)
        })
        .unzip()
}

fn round_trip(symbols: &[u8], contexts: &[u8], row: usize) -> usize {
    let mut counts = Counts::new();
    counts.add(symbols, contexts);
    let mut payload = Vec::new();
    encode(symbols, contexts, &counts, &mut payload);
    let written = payload.len();
    payload.extend([0xa5; 20]);
    let mut decoder = Decoder::new(&payload).expect("what was written can be read");
    let mut back = vec![0; symbols.len()];
    for (contexts, symbols) in contexts.chunks(row).zip(back.chunks_mut(row)) {
        decoder.row(contexts, symbols);
    }
    assert!(back == symbols, "{} symbols in rows of {row}", symbols.len());
    decoder.finish().expect("all symbols are taken");
    assert_eq!(decoder.end(), written);
    written
}

#[test]
fn rows_of_any_length_come_back() {
    for (n, contexts, wide) in [(0, 1, true), (1, 1, true), (1000, 5, true), (30_000, 1, false), (70_001, 24, true)] {
        let (symbols, contexts) = sample(n, contexts, wide);
        let sizes = [1, 7, 8, 45, 1 << 17].map(|row| round_trip(&symbols, &contexts, row));
        assert!(sizes.iter().all(|size| *size == sizes[0]));
    }
}

#[test]
fn estimates_are_near_what_is_written() {
    for (n, wide) in [(4000, true), (100_000, true), (100_000, false)] {
        let (symbols, contexts) = sample(n, 9, wide);
        let mut counts = Counts::new();
        counts.add(&symbols, &contexts);
        let raw = |symbol: &u8| f64::from(crate::shared::entropy::class::raw_bits(usize::from(*symbol)));
        let estimate = (counts.bits(|_| 1.0) - symbols.iter().map(raw).sum::<f64>()) / 8.0;
        let written = round_trip(&symbols, &contexts, 64) as f64;
        assert!((written - estimate).abs() < 0.05 * estimate + 20.0, "{written} bytes, {estimate} estimated");
    }
}

#[test]
fn damaged_bytes_give_an_error_or_other_symbols() {
    let (symbols, contexts) = sample(70_000, 9, true);
    let mut counts = Counts::new();
    counts.add(&symbols, &contexts);
    let mut payload = Vec::new();
    encode(&symbols, &contexts, &counts, &mut payload);
    let mut back = vec![0; symbols.len()];
    for at in (0..payload.len()).step_by(payload.len() / 50) {
        for bytes in [&payload[..at], &[&payload[..at], &[payload[at] ^ 0x55], &payload[at + 1..]].concat()] {
            if let Ok(mut decoder) = Decoder::new(bytes) {
                decoder.row(&contexts, &mut back);
                assert!(decoder.finish().is_err() || bytes.len() == payload.len());
            }
        }
    }
}
