//! Decoders on bytes that no encoder wrote: an error or garbage, and neither a panic, a hang nor a large allocation.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use codecbench_methods::api::{DType, Tensor};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::alloc::peak_bytes;
use crate::cases::{Case, Failures, Setting, built, params_of};
use crate::values::{self, Pattern, Random};

/// What a decoder may hold whatever it is given, bytes: tables and windows of fixed size.
const FIXED: usize = 4 << 20;
/// What it may hold per byte of output and payload together.
const PER_BYTE: usize = 8;
/// No decode of such small tensors takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Payloads of which every prefix and every flipped bit are tried; of longer ones a sample, another for every case.
const SMALL: usize = 64;
/// What is written over the start of a payload, where lengths stand: the largest and the least number, and long ones.
const PATCHES: [&[u8]; 5] = [&[0xff], &[0], &[0xff; 9], &[0xff, 0xff, 0xff, 0xff, 0x0f], &[0x80; 8]];
/// Of the garbage, so many parts, of which each setting and shape has another: of small outputs, and of large ones, which
/// take time to clear. No multiples of the number of shapes.
const SHARES: [usize; 2] = [7, 37];

/// One decode at a time, watched from outside: a hang is reported by name.
struct Watch(Mutex<Option<(String, Instant)>>);

impl Watch {
    fn decode(&self, setting: &Setting, like: &Tensor, fill: Option<f64>, payload: &[u8]) -> Result<(), String> {
        *self.0.lock().expect("no panic while locked") =
            Some((format!("{setting}, payload {payload:02x?}"), Instant::now()));
        let (_, peak) = peak_bytes(|| setting.decompress(payload, like, fill).is_ok());
        *self.0.lock().expect("no panic while locked") = None;
        let sections = setting.compressor(fill).map_err(|error| error.to_string())?.sections(like.dtype(), payload);
        drop(sections);
        let allowed = FIXED + PER_BYTE * (like.byte_len() + payload.len());
        if peak > allowed {
            return Err(format!(
                "{peak} bytes held at once, {allowed} allowed, for payload {:02x?}",
                &payload[..payload.len().min(64)]
            ));
        }
        Ok(())
    }

    fn overdue(&self) -> Option<String> {
        let current = self.0.lock().expect("no panic while locked");
        current.as_ref().filter(|(_, since)| since.elapsed() > PATIENCE).map(|(name, _)| name.clone())
    }
}

/// Runs `work` on the one thread of a pool, so that its allocations are counted, and fails if one decode hangs.
fn watched(work: impl FnOnce(&Watch) -> Failures + Send) {
    let watch = Watch(Mutex::new(None));
    let pool: ThreadPool = ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| pool.install(|| work(&watch)));
        while !worker.is_finished() {
            if let Some(name) = watch.overdue() {
                // The thread cannot be stopped, so neither can the scope be left by a panic.
                eprintln!("a decoder hangs: {name}");
                std::process::abort();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        worker.join().expect("checks catch their panics").report();
    });
}

/// One tensor per method, parameter set, capability row and some types; with its payload.
fn each_payload(mut use_it: impl FnMut(&Case<'_>, &Tensor, &[u8])) {
    let dtypes = [DType::F32, DType::F64, DType::U8, DType::I16, DType::U32, DType::I64];
    let subjects: [(&[usize], Pattern); 3] =
        [(&[3, 5, 7], Pattern::Noisy), (&[13, 11], Pattern::Missing), (&[2], Pattern::RandomBits)];
    for entry in built() {
        for dtype in dtypes {
            let settings = Setting::all(entry, dtype);
            for setting in settings.iter().filter(|setting| is_plain(setting)) {
                for (shape, pattern) in subjects {
                    let case = Case { setting, dtype, shape, pattern };
                    if setting.promise(dtype, shape.len()).is_ok() {
                        let tensor = case.tensor();
                        if let Ok(payload) = setting.compress(&tensor, case.fill()) {
                            use_it(&case, &tensor, &payload);
                        }
                    }
                }
            }
        }
    }
}

/// Of the numbers asked for, the sensible ones: the absurd ones give trivial payloads.
fn is_plain(setting: &Setting) -> bool {
    setting.target.value().is_none_or(|value| (1e-6..=10.0).contains(&value) && value != 0.5)
}

/// Every index below `length`, or a sample of `SMALL` of them.
fn indices(length: usize, random: &mut Random) -> Vec<usize> {
    if length <= SMALL { (0..length).collect() } else { (0..SMALL).map(|_| random.below(length)).collect() }
}

#[test]
fn every_prefix_and_every_extension_of_a_payload_is_survived() {
    watched(|watch| {
        let (mut failures, mut random) = (Failures::default(), Random(1));
        each_payload(|case, tensor, payload| {
            for length in indices(payload.len(), &mut random) {
                failures.check(case, || watch.decode(case.setting, tensor, case.fill(), &payload[..length]));
            }
            for extra in [&[0][..], &[0xff; 9], payload] {
                let longer = [payload, extra].concat();
                failures.check(case, || watch.decode(case.setting, tensor, case.fill(), &longer));
            }
        });
        failures
    });
}

#[test]
fn flipped_bits_and_overwritten_bytes_are_survived() {
    watched(|watch| {
        let (mut failures, mut random) = (Failures::default(), Random(2));
        each_payload(|case, tensor, payload| {
            for bit in indices(payload.len() * 8, &mut random) {
                let mut flipped = payload.to_vec();
                flipped[bit / 8] ^= 1 << (bit % 8);
                failures.check(case, || watch.decode(case.setting, tensor, case.fill(), &flipped));
            }
            for at in 0..payload.len().min(12) {
                for patch in [PATCHES[random.below(5)], PATCHES[random.below(5)]] {
                    let mut patched = payload.to_vec();
                    let end = (at + patch.len()).min(patched.len());
                    patched[at..end].copy_from_slice(&patch[..end - at]);
                    failures.check(case, || watch.decode(case.setting, tensor, case.fill(), &patched));
                }
            }
        });
        failures
    });
}

/// Bytes that have nothing to do with any payload.
fn garbage(random: &mut Random) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for length in [1, 2, 3, 5, 8, 17, 64, 700] {
        for fill in [0, 1, 0x7f, 0x80, 0xff] {
            all.push(vec![fill; length]);
        }
        for _ in 0..6 {
            all.push((0..length).map(|_| random.next() as u8).collect());
        }
        // A first byte that many formats know, then a number far above any length.
        for first in 0..4u8 {
            let mut bytes = vec![first; length];
            bytes.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x01]);
            all.push(bytes);
        }
    }
    all
}

#[test]
fn garbage_is_survived_by_every_method_for_every_type_and_for_large_and_empty_outputs() {
    watched(|watch| {
        let (mut failures, mut random) = (Failures::default(), Random(3));
        let (garbage, mut share) = (garbage(&mut random), 0);
        for entry in built() {
            for dtype in DType::ALL {
                for setting in Setting::all(entry, dtype).iter().filter(|setting| is_plain(setting)) {
                    for shape in [&[][..], &[0], &[61], &[8, 9, 10], &[64, 1024]] {
                        let like = Tensor::zeros(dtype, shape);
                        let shares = SHARES[usize::from(like.len() > 1000)];
                        share += 1;
                        for payload in garbage.iter().skip(share % shares).step_by(shares) {
                            failures.check(setting, || watch.decode(setting, &like, None, payload));
                        }
                    }
                }
            }
        }
        failures
    });
}

#[test]
fn a_payload_read_with_another_shape_type_or_parameter_is_survived() {
    watched(|watch| {
        let mut failures = Failures::default();
        each_payload(|case, tensor, payload| {
            let length = tensor.len();
            for shape in [&[length + 1][..], &[length.max(2) - 1], &[1, length, 3], &[0, 2], &[]] {
                let like = Tensor::zeros(case.dtype, shape);
                failures.check(case, || watch.decode(case.setting, &like, case.fill(), payload));
            }
            for dtype in DType::ALL {
                let like = values::tensor(dtype, case.shape, Pattern::Zeros);
                failures.check(case, || watch.decode(case.setting, &like, case.fill(), payload));
            }
            for params in params_of(case.setting.entry) {
                let other = Setting { params, ..case.setting.clone() };
                if other.compressor(None).is_ok() {
                    failures.check(case, || watch.decode(&other, tensor, case.fill(), payload));
                }
            }
        });
        failures
    });
}
