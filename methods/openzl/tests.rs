//! OpenZL on what it was not made for.

use super::*;
use crate::shared::sealed::is_sealed;
use crate::shared::testing::{check_hostile_bytes, round_trip, tensor};

const GRAPHS: [Graph; 3] = [Graph::Numeric, Graph::Transformer, Graph::Zstd];

#[test]
fn every_bit_of_every_kind_of_float_comes_back_through_every_graph() {
    let odd = [f32::NAN, -0.0, f32::INFINITY, f32::from_bits(0xff80_0001), f32::from_bits(1), f32::MAX];
    let values = tensor(&[5006], |i| if i < 6 { odd[i] } else { libm::sinf(i as f32 * 0.01) });
    for graph in GRAPHS {
        let (payload, back) = round_trip::<Openzl>(&Params { graph }, Target::Lossless, &values);
        let bits = |tensor: &crate::api::Tensor| {
            let mut bytes = Vec::new();
            tensor.view().write_le(&mut bytes);
            bytes
        };
        assert_eq!(bits(&back), bits(&values), "{graph:?}");
        assert!(is_sealed(&payload) && payload.len() < 20_000, "{graph:?}: {}", payload.len());
    }
}

#[test]
fn any_bytes_are_survived() {
    check_hostile_bytes::<Openzl>(&GRAPHS.map(|graph| Params { graph }), Target::Lossless);
}
