//! Peak memory of every method on a 512^3 f32 field at rel=1e-3, as multiples of the array.
//!
//! `cargo bench --bench memory [-- --edge 512 --method NAME]`. Encoding counts the input, the payload and all work
//! space; decoding counts the payload, the output and all work space. Only Rust's allocator is seen: what a C library takes
//! for itself is not.

mod args;

use clap::Parser;
use codecbench::dataset::generate::{self, Request};
use codecbench::run::alloc::{Counting, peak};
use codecbench_methods::METHODS;
use codecbench_methods::api::{Compressor, DType, Entry, ParamsJson, Target, Tensor};
use ndarray::{ArrayD, IxDyn};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Edge of the turbulence that is repeated to fill the cube: generating 512^3 would take longer than measuring it.
const TILE: usize = 64;

/// Peak memory of every method, as multiples of the array.
#[derive(Parser)]
struct Options {
    /// Edge of the cube of values.
    #[arg(long, default_value_t = 512)]
    edge: usize,
    /// What a method's name holds.
    #[arg(long, default_value = "")]
    method: String,
}

fn main() {
    let Options { edge, method } = args::parse();
    let tensor = field(edge);
    println!("{:<34} {:>12} {:>12} {:>8}", format!("{edge}^3 float32, multiples of it"), "encode", "decode", "ratio");
    for entry in METHODS.iter().filter(|entry| entry.is_built() && entry.id().contains(&method)) {
        for target in [Target::MaxAbs(range(&tensor) * 1e-3), Target::Lossless] {
            if let Some(compressor) = compressor(entry, target) {
                measure(entry.id(), target, compressor.as_ref(), &tensor);
            }
        }
    }
}

fn field(edge: usize) -> Tensor {
    let request = Request { shape: &[TILE; 3], seed: 1, dtype: DType::F32, variant: None };
    let Tensor::F32(tile) = generate::generate("turbulence", &request).expect("turbulence takes a cube").tensor else {
        unreachable!("turbulence was asked for as float32")
    };
    let repeat = |index: &IxDyn| tile[[index[0] % TILE, index[1] % TILE, index[2] % TILE]];
    ArrayD::from_shape_fn(IxDyn(&[edge; 3]), |index| repeat(&index)).into()
}

fn range(tensor: &Tensor) -> f64 {
    let Tensor::F32(array) = tensor else { unreachable!("the field is float32") };
    let (low, high) = array.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    f64::from(high) - f64::from(low)
}

fn compressor(entry: &Entry, target: Target) -> Option<Box<dyn Compressor>> {
    entry.capabilities().ok()?.promise(DType::F32, 3, target.kind()).ok()?;
    entry.compressor(&ParamsJson::new(), target, None).ok()
}

fn measure(id: &str, target: Target, compressor: &dyn Compressor, tensor: &Tensor) {
    let array = tensor.byte_len() as f64;
    let (payload, encode) = peak(|| {
        let mut payload = Vec::new();
        compressor.compress(tensor.view(), &mut payload).map(|()| payload)
    });
    let payload = payload.expect("the method takes this field");
    let (decoded, decode) = peak(|| {
        let mut output = Tensor::zeros(DType::F32, tensor.shape());
        compressor.decompress(&payload, output.view_mut()).map(|()| output)
    });
    decoded.expect("its own payload");
    let encode = encode.expect("the counting allocator is installed") as f64 / array + 1.0;
    let decode = (decode.expect("the counting allocator is installed") as f64 + payload.len() as f64) / array;
    let name = format!("{id} ({})", target.kind());
    println!("{name:<34} {encode:>12.2} {decode:>12.2} {:>8.2}", array / payload.len() as f64);
}
