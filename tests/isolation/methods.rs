//! Methods that misbehave. They stand in no registry but that of this test's own worker.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Mutex;
use std::thread::ThreadId;

use codecbench_methods::METHODS;
use codecbench_methods::api::{
    Capabilities, Compressor, DType, Entry, Error, Method, Promise, Target, TargetKind, TargetRow, TensorMut, TensorRef,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What goes wrong in an otherwise honest method.
pub trait Fault: Debug + Send + Sync + 'static {
    const ID: &'static str;
    fn encoding(_payload: &mut Vec<u8>) {}
    fn decoding(_payload: &mut Vec<u8>) {}
}

/// Stores the elements as they are, but for its fault.
#[derive(Debug)]
pub struct Faulty<F>(PhantomData<F>);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

impl<F: Fault> Method for Faulty<F> {
    const ID: &'static str = F::ID;
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities =
        Capabilities::new("misbehaves", &[TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL)])
            .with_non_finite();
    type Params = Params;

    fn new(_: Params, _: Target) -> Result<Self, Error> {
        Ok(Faulty(PhantomData))
    }
}

impl<F: Fault> Compressor for Faulty<F> {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        input.write_le(payload);
        F::encoding(payload);
        Ok(())
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let mut payload = payload.to_vec();
        F::decoding(&mut payload);
        output.read_le(&payload)
    }
}

macro_rules! faults {
    ($($name:ident $id:literal { $($what:ident($payload:pat) $body:block)* })*) => {
        $(
            #[derive(Debug)]
            pub struct $name;

            impl Fault for $name {
                const ID: &'static str = $id;
                $(fn $what($payload: &mut Vec<u8>) $body)*
            }
        )*

        /// The methods that misbehave.
        pub static FAULTY: &[Entry] = &[$(Entry::of::<Faulty<$name>>()),*];
    };
}

faults! {
    Segfault "segfault" { encoding(_) { segfault() } }
    SegfaultInDecoder "segfault-in-decoder" { decoding(_) { segfault() } }
    ColdCrash "cold-crash" { encoding(_) { other_threads_than_the_first(); } decoding(_) { crash_where_nothing_was_encoded() } }
    Abort "abort" { encoding(_) { std::process::abort() } }
    StackOverflow "stack-overflow" { encoding(payload) { payload.push(overflow(payload.len())) } }
    Leave "leave" { encoding(_) { std::process::exit(3) } }
    Panic "panic" { encoding(_) { panic!("it gave up") } }
    Loop "loop" { encoding(_) { forever() } }
    LoopInDecoder "loop-in-decoder" { decoding(_) { forever() } }
    Greedy "greedy" { encoding(_) { take_memory() } }
    GreedyAtOnce "greedy-at-once" { encoding(payload) { payload.reserve(1 << 40) } }
    GreedyInC "greedy-in-c" { encoding(_) { take_memory_in_c() } }
    Chatty "chatty" { encoding(_) { println!("half done") } }
    ChattyInC "chatty-in-c" { decoding(_) { print_in_c() } }
    Muttering "muttering" { encoding(_) { eprintln!("a warning at 0x7f31") } }
    Flood "flood" { encoding(_) { (0..100_000).for_each(|at| println!("line {at} of very many")) } }
    Bloated "bloated" { encoding(payload) { payload.resize(1 << 20, 7) } decoding(payload) { payload.truncate(8000) } }
    OtherBytes "other-bytes-on-a-second-thread" {
        encoding(payload) { if other_threads_than_the_first() { payload.iter_mut().for_each(|byte| *byte ^= 1) } }
    }
    OtherValues "other-values-on-a-second-thread" {
        encoding(_) { other_threads_than_the_first(); }
        decoding(payload) { if other_threads_than_the_first() { payload.iter_mut().for_each(|byte| *byte ^= 1) } }
    }
}

/// The methods of the worker of this test.
pub fn registry() -> &'static [Entry] {
    Vec::leak([METHODS, FAULTY].concat())
}

#[expect(unsafe_code, reason = "the fault is the point")]
fn segfault() {
    // SAFETY: none; the process is meant to die of it, and only workers of this test get here.
    unsafe { std::hint::black_box(std::ptr::null_mut::<u8>()).write_volatile(1) }
}

fn overflow(depth: usize) -> u8 {
    let frame = std::hint::black_box([depth as u8; 4096]);
    if depth == usize::MAX { frame[7] } else { overflow(depth.wrapping_add(1) | 1).wrapping_add(frame[3]) }
}

fn forever() {
    while !std::hint::black_box(false) {
        std::hint::spin_loop();
    }
}

fn take_memory() {
    let mut taken = Vec::new();
    loop {
        taken.push(vec![1u8; 1 << 20]);
        std::hint::black_box(&taken);
    }
}

/// As a C library does that does not look at what `malloc` returns.
#[expect(unsafe_code, reason = "the fault is the point")]
fn take_memory_in_c() {
    loop {
        // SAFETY: none; sooner or later the pointer is null, and the process is meant to die of it.
        unsafe { libc::memset(std::hint::black_box(libc::malloc(1 << 20)), 1, 1 << 20) };
        // Time for somebody to look how much it is.
        std::thread::sleep(std::time::Duration::from_millis(8));
    }
}

#[expect(unsafe_code, reason = "C buffers what it prints by itself")]
fn print_in_c() {
    // SAFETY: a string that ends, without a format in it.
    unsafe { libc::printf(c"oldbits = 3\n".as_ptr()) };
}

/// Whether somebody else was here before; the first to come is the owner.
fn other_threads_than_the_first() -> bool {
    static FIRST: Mutex<Option<ThreadId>> = Mutex::new(None);
    let here = std::thread::current().id();
    *FIRST.lock().expect("nobody panics with it").get_or_insert(here) != here
}

fn crash_where_nothing_was_encoded() {
    if !other_threads_than_the_first() {
        segfault();
    }
}
