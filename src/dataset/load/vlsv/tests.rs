//! A small VLSV file by hand, and what happens to broken ones.

use proptest::prelude::*;

use super::*;

/// A file under construction.
struct Maker {
    big_endian: bool,
    bytes: Vec<u8>,
    footer: String,
}

impl Maker {
    fn new(big_endian: bool) -> Self {
        Maker { big_endian, bytes: vec![0; 16], footer: "<VLSV>\n".into() }
    }

    fn array(mut self, tag: &str, name: &str, kind: &str, vector: usize, data: &[impl Number]) -> Self {
        let key = if tag.starts_with("MESH") { "mesh" } else { "name" };
        let size = data.first().map_or(4, |number| number.le().len());
        self.footer.push_str(&format!(
            "<{tag} arraysize=\"{}\" datasize=\"{size}\" datatype=\"{kind}\" {key}=\"{name}\" vectorsize=\"{vector}\">{}</{tag}>\n",
            data.len() / vector,
            self.bytes.len()
        ));
        for number in data {
            let mut bytes = number.le();
            if self.big_endian {
                bytes.reverse();
            }
            self.bytes.extend(bytes);
        }
        self
    }

    fn finish(mut self) -> Vec<u8> {
        let offset = self.bytes.len() as u64;
        let header = if self.big_endian { offset.to_be_bytes() } else { offset.to_le_bytes() };
        self.bytes[0] = u8::from(self.big_endian);
        self.bytes[8..16].copy_from_slice(&header);
        self.bytes.extend((self.footer + "</VLSV>").into_bytes());
        self.bytes
    }
}

trait Number {
    fn le(&self) -> Vec<u8>;
}

macro_rules! number {
    ($($of:ty),*) => { $(impl Number for $of {
        fn le(&self) -> Vec<u8> {
            self.to_le_bytes().to_vec()
        }
    })* };
}
number!(u8, u32, u64, f32, f64);

/// Cells 7 and 3 of one population: two blocks and one block of 2 x 1 x 1 cells in a mesh of 3 x 2 x 1 blocks.
fn sample(big_endian: bool) -> Vec<u8> {
    Maker::new(big_endian)
        .array("BLOCKIDS", "he", "uint", 1, &[1u32, 5, 2])
        .array("BLOCKVARIABLE", "he", "float", 2, &[1f32, 2.0, 3.0, 4.0, 5.0, 6.0])
        .array("BLOCKSPERCELL", "he", "uint", 1, &[2u32, 1])
        .array("CELLSWITHBLOCKS", "he", "uint", 1, &[7u64, 3])
        .array("MESH_BBOX", "he", "uint", 1, &[3u64, 2, 1, 2, 1, 1])
        .array("MESH_NODE_CRDS_X", "he", "float", 1, &[-6f64, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0])
        .array("MESH_NODE_CRDS_Y", "he", "float", 1, &[10f64, 20.0, 30.0])
        .array("MESH_NODE_CRDS_Z", "he", "float", 1, &[0f64, 0.5])
        .array("CONFIG", "config_file", "uint", 1, b"[he_sparse]\nminValue = 1e-3\n")
        .finish()
}

fn values(parsed: &Parsed) -> Vec<f32> {
    let Tensor::F32(array) = &parsed.tensor else { panic!("float32 was written") };
    array.iter().copied().collect()
}

fn view(cell: Option<u64>) -> VlsvView {
    VlsvView { cell, ..VlsvView::default() }
}

#[test]
fn one_cell_becomes_a_box_and_all_of_them_a_stack() {
    for big_endian in [false, true] {
        let bytes = sample(big_endian);
        let one = parse(&bytes, &view(Some(7))).expect("a valid file");
        assert_eq!(one.tensor.shape(), [1, 2, 4]);
        assert_eq!(values(&one), [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0]);
        assert_eq!(one.velocity_spacing, Some(vec![0.5, 10.0, 2.0]));
        assert_eq!(one.velocity_origin, Some(vec![0.0, 10.0, -2.0]));
        assert_eq!(one.sparsity_threshold, Some(1e-3));
        let all = parse(&bytes, &view(None)).expect("a valid file");
        assert_eq!((all.tensor.shape(), all.stack, one.stack), (&[2, 1, 2, 4][..], true, false));
        assert_eq!(values(&all), [0.0, 0.0, 5.0, 6.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0]);
        assert_eq!(all.velocity_spacing, Some(vec![1.0, 0.5, 10.0, 2.0]));
    }
}

#[test]
fn blocks_can_stay_as_they_are_stored() {
    let blocks = |cell| parse(&sample(false), &VlsvView { blocks: true, ..view(cell) });
    let list = blocks(Some(7)).expect("a valid file");
    assert_eq!((list.tensor.shape(), values(&list)), (&[2, 1, 1, 2][..], vec![1.0, 2.0, 3.0, 4.0]));
    assert!(blocks(None).expect_err("two cells").to_string().contains("3, 7"));
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let bytes = sample(false);
    assert_eq!(populations(&bytes).ok(), Some(vec!["he".to_string()]));
    let population = VlsvView { population: Some("proton".into()), ..view(None) };
    assert!(parse(&bytes, &population).expect_err("no such population").to_string().contains("there are he"));
    assert!(parse(&bytes, &view(Some(4))).expect_err("no such cell").to_string().contains("3, 7"));
}

#[test]
fn contradictions_are_errors_with_their_place() {
    let text = String::from_utf8_lossy(&sample(false)).into_owned();
    assert!(text.contains("arraysize"), "the footer is text");
    for (from, to, place) in [
        (&b"arraysize=\"3\""[..], &b"arraysize=\"9\""[..], "BLOCKVARIABLE"),
        (b"vectorsize=\"2\"", b"vectorsize=\"0\"", "BLOCKVARIABLE"),
        (b">16<", b">66<", "BLOCKIDS"),
        (b">16<", b">x6<", "BLOCKIDS"),
        (b"datasize=\"4\"", b"datasize=\"3\"", "BLOCKIDS"),
        (b"<VLSV>", b"<VLSW>", "VLSV"),
        (b"</VLSV>", b"       ", "inside an element"),
    ] {
        let mut bytes = sample(false);
        let at = bytes.windows(from.len()).position(|window| window == from).expect("the text is there");
        bytes[at..at + from.len()].copy_from_slice(to);
        let message = parse(&bytes, &view(None)).map(|_| ()).expect_err(place).to_string();
        assert!(message.contains(place) && message.contains("vlsv"), "{message}");
    }
    let far = Maker::new(false).array("BLOCKIDS", "p", "uint", 1, &[6u32]);
    let far =
        far.array("BLOCKVARIABLE", "p", "float", 1, &[1f32]).array("MESH_BBOX", "p", "uint", 1, &[6u64, 1, 1, 1, 1, 1]);
    assert!(
        parse(&far.finish(), &view(None)).expect_err("a block outside").to_string().contains("block 6 of a mesh of 6")
    );
}

#[test]
fn two_blocks_at_the_ends_of_a_huge_mesh_are_refused_before_memory_is_taken() {
    let side = 1u64 << 20;
    let bytes = Maker::new(false)
        .array("BLOCKIDS", "p", "uint", 1, &[0u64, side * side * side - 1])
        .array("BLOCKVARIABLE", "p", "float", 1, &[1f64, 2.0])
        .array("BLOCKSPERCELL", "p", "uint", 1, &[2u32])
        .array("CELLSWITHBLOCKS", "p", "uint", 1, &[1u64])
        .array("MESH_BBOX", "p", "uint", 1, &[side, side, side, 1, 1, 1])
        .finish();
    assert!(matches!(parse(&bytes, &view(None)), Err(FormatError::Unsupported(_))));
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = sample(false);
    assert!((0..bytes.len()).all(|length| parse(&bytes[..length], &view(None)).is_err()));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(position in 0usize..2000, byte: u8, other: u8) {
        let mut bytes = sample(false);
        let position = position % bytes.len();
        bytes[position] = byte;
        let second = (position * 7 + 3) % bytes.len();
        bytes[second] = other;
        let _ = parse(&bytes, &view(None));
        let _ = parse(&bytes, &VlsvView { blocks: true, ..view(Some(3)) });
    }
}
