//! Elements and nothing else, in C order; shape and element type come from the manifest or the command line.

use codecbench_methods::api::Tensor;

use super::{FormatError, byte_len, from_le, malformed};
use crate::dataset::manifest::Layout;

/// Reads raw elements of either byte order.
pub fn parse(bytes: &[u8], layout: &Layout, big_endian: bool) -> Result<Tensor, FormatError> {
    let Layout { shape, dtype } = layout;
    let needed = byte_len(shape, dtype.size()).ok_or_else(|| malformed(format!("the shape {shape:?} overflows")))?;
    if bytes.len() != needed {
        let kind = if bytes.len() < needed { "truncated" } else { "too long" };
        let found = bytes.len();
        return Err(malformed(format!("{kind}: {shape:?} of {dtype} takes {needed} bytes, the file has {found}")));
    }
    if !big_endian || dtype.size() == 1 {
        return from_le(layout, bytes);
    }
    let mut swapped = bytes.to_vec();
    swapped.chunks_exact_mut(dtype.size()).for_each(<[u8]>::reverse);
    from_le(layout, &swapped)
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::DType;

    use super::*;

    #[test]
    fn both_byte_orders_give_the_same_tensor() {
        let layout = Layout { shape: vec![2], dtype: DType::I16 };
        let little = parse(&[1, 0, 254, 255], &layout, false).expect("four bytes are two int16");
        assert_eq!(parse(&[0, 1, 255, 254], &layout, true).ok(), Some(little));
    }

    #[test]
    fn a_truncated_file_says_what_it_should_have() {
        let layout = Layout { shape: vec![3], dtype: DType::F64 };
        let message = parse(&[0; 20], &layout, false).expect_err("20 bytes are no three doubles").to_string();
        assert!(message.contains("truncated") && message.contains("24") && message.contains("20"), "{message}");
        assert!(parse(&[0; 25], &layout, false).is_err());
        let layout = Layout { shape: vec![usize::MAX, 2], dtype: DType::F64 };
        assert!(parse(&[], &layout, false).is_err());
    }
}
