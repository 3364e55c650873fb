//! Files of others: small valid ones to start from, what is repaired after a change, and how each is read.

use std::io::{Cursor, Write};

use codecbench::dataset::load::{parse, vlsv};
use codecbench::dataset::manifest::{Format, Layout, Manifest, VlsvView};
use codecbench::plan::Recipe;
use codecbench::record::{parse_results, parse_timings, results_text, timings_text};
use codecbench::spec::{MethodSpec, TargetSpec};
use codecbench_methods::api::DType;
use ndarray::{Array1, Array2, Array3, ShapeBuilder};
use ndarray_npy::WriteNpyExt;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Reads a data file in a format, and tells how it ended.
pub fn read(bytes: &[u8], format: &Format) -> String {
    let layout = matches!(format, Format::Raw { .. }).then(|| Layout { shape: vec![2, 3], dtype: DType::F32 });
    parse(bytes, format, layout.as_ref()).map_or_else(|error| error.to_string(), |_| "read".into())
}

/// Reads a VLSV file in every way there is.
pub fn read_vlsv(bytes: &[u8]) -> String {
    let names = vlsv::populations(bytes).map_or_else(|error| error.to_string(), |names| names.len().to_string());
    let view = |cell, blocks| Format::Vlsv(VlsvView { cell, blocks, ..VlsvView::default() });
    let ways = [view(None, false), view(Some(7), false), view(None, true), view(Some(3), true)];
    ways.iter().fold(names, |told, way| format!("{told}; {}", read(bytes, way)))
}

/// Reads a text as what `name` says: a manifest, a recipe, a spec, the rows of a report.
///
/// # Panics
/// If rows that were read and written are not read as the same rows.
pub fn read_text(name: &str, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let told = match name {
        "results" => rewritten(bytes, parse_results, results_text),
        "timings" => rewritten(bytes, parse_timings, timings_text),
        "manifest" => Manifest::parse(&text, "m.toml", None).map(drop).map_err(|error| error.to_string()),
        "recipe" => Recipe::parse(&text, "sweep.toml")
            .and_then(|recipe| recipe.target_specs().map(drop))
            .map_err(|error| format!("{error:#}")),
        _ => {
            let method = MethodSpec::parse(&text).map(|specs| specs.len()).map_err(|error| error.to_string());
            let target = TargetSpec::parse(&text).map(|specs| specs.len()).map_err(|error| error.to_string());
            return format!("{method:?} {target:?}");
        }
    };
    told.map_or_else(|error| error, |()| "read".into())
}

/// Reads rows, writes them and reads them again.
fn rewritten<R>(
    bytes: &[u8],
    parse: fn(&[u8]) -> anyhow::Result<Vec<R>>,
    text: fn(&[R]) -> String,
) -> Result<(), String> {
    let rows = parse(bytes).map_err(|error| format!("{error:#}"))?;
    let written = text(&rows);
    let again = parse(written.as_bytes()).unwrap_or_else(|error| panic!("rows that were written: {error:#}"));
    assert_eq!(text(&again), written);
    Ok(())
}

/// Words of the texts and of the text headers, each behind a bar.
const WORDS: [(&str, &str); 9] = [
    (
        "manifest",
        r##"name = |kind = |shape = [|dtype = |"float32"|"vdf"|format = |"npz"|member = |generator = |seed = |
fill_value = nan|velocity_spacing = [1.0]|sha256 = |bytes = |[[|]]|'''|"""|18446744073709551616|-1|
1e400|inf|\u0000|axes = [|width = |frames = |stack = true|as_dtype = |file = "../../x""##,
    ),
    (
        "recipe",
        r##"datasets = [|methods = [|targets = [|"rel=1e-1..1e-9"|"psnr=0..1e9..1e-9"|[[exclude]]|reason = "x"|
[timing]|max_repeats = |[tolerances]|payload_bytes = |[[published]]|"zlib:level=1..9"|*|[a-|{a,b}|"|
]|9223372036854775807|nan|[[illustration]]"##,
    ),
    (
        "spec",
        r##"adaptive-grid|zlib|level|:|=|,|..|1..9|1..1e9|0..1e18..1e-9|[0,2]|"a:b"|rel|psnr|1e-1..1e-300|1e999|
nan|-0|lossless|native|{|}|true"##,
    ),
    (
        "results",
        r##",|"|""|ok|unsupported|exact|bounded|inf|-inf|nan|-0|1e308|1e-320|18446744073709551616|-1|zlib|rel|"##,
    ),
    ("timings", r##",|"|""|inf|-inf|nan|-0|1e308|1e-320|18446744073709551616|-1|other_load: x|zlib|rel|lossless"##),
    (
        "npy",
        r##"'descr': |'<f8'|'>i2'|'fortran_order': True|'shape': (|(1,)|()|, |{|}|-1|18446744073709551615|
4294967296|(0, 9223372036854775807)|'|O'|('x', '<f4')|(((((("##,
    ),
    (
        "npz",
        r##"'descr': |'<f8'|'>i2'|'fortran_order': True|'shape': (|(1,)|()|, |{|}|-1|18446744073709551615|
4294967296|(0, 9223372036854775807)|'|O'|('x', '<f4')|(((((("##,
    ),
    (
        "y4m",
        r##"YUV4MPEG2| W| H| C420jpeg| Cmono16| C444p10| C422| F25:1| Ip|FRAME|0|99999999999|-1|2147483647|
4294967296"##,
    ),
    (
        "vlsv",
        r##"arraysize="|vectorsize="|datasize="8"|datatype="float"|name="he"|mesh="he"|<VLSV>|</VLSV>|BLOCKIDS|
MESH_BBOX|CELLSWITHBLOCKS|18446744073709551615|0|&#x0;|<!--|<![CDATA[|<?xml|<a/>"##,
    ),
];

/// Words of the format with this name; a line's end is one everywhere.
pub fn tokens(name: &str) -> Vec<&'static str> {
    let words = WORDS.iter().filter(|(of, _)| *of == name).flat_map(|(_, words)| words.split(['|', '\n']));
    words.chain(["\n"]).filter(|_| WORDS.iter().any(|(of, _)| *of == name)).collect()
}

/// Small valid inputs.
pub fn seeds(name: &str) -> Vec<Vec<u8>> {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    match name {
        "npy" => npys(),
        "npz" => vec![npz()],
        "png" => pngs(),
        "raw" => vec![vec![7; 24]],
        "vlsv" => vec![vlsv()],
        "y4m" => texts(&[
            "YUV4MPEG2 W4 H2 F25:1 Cmono\nFRAME\n12345678FRAME\nabcdefgh",
            "YUV4MPEG2 W4 H2 F25:1 Ip A1:1 C420jpeg XYSCSS=420JPEG\nFRAME\n12345678abcd",
            "YUV4MPEG2 W2 H2 C444p10\nFRAME\n1\x002\x003\x004\x001\x002\x003\x004\x001\x002\x003\x004\x00",
            "YUV4MPEG2 W4 H2 C422\nFRAME I\n12345678abcdefgh",
        ]),
        "manifest" => ["a1b_air_temp", "gen-vdf-stack", "vlasiator_vlsv_proton", "vid_static", "eraint_u_packed"]
            .iter()
            .map(|name| repository(&format!("datasets/{name}.toml")))
            .collect(),
        "recipe" => {
            ["reference", "real", "vdf"].iter().map(|name| repository(&format!("reports/{name}/sweep.toml"))).collect()
        }
        "spec" => texts(&[
            "zlib:level=1..9",
            "adaptive-grid:predictor=cubic:entropy=context",
            "rel=1e-1..1e-6",
            "psnr=40..80..5",
            "lossless",
            "ratio=20",
            "quantize:axes=[0,2]:name=\"a:b\"",
        ]),
        "results" => vec![first_lines("reports/reference/results.csv")],
        "timings" => vec![first_lines("reports/speed/timings.csv")],
        _ => Vec::new(),
    }
}

/// A table's header and a few of its rows.
fn first_lines(path: &str) -> Vec<u8> {
    repository(path).split_inclusive(|&byte| byte == b'\n').take(4).flatten().copied().collect()
}

fn repository(path: &str) -> Vec<u8> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn npys() -> Vec<Vec<u8>> {
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        bytes
    };
    vec![
        written(&|bytes| Array2::from_shape_fn((3, 4).f(), |(i, j)| (i + j) as f32).write_npy(bytes).expect("memory")),
        written(&|bytes| Array1::from(vec![1i16, -2, 3]).write_npy(bytes).expect("memory")),
        written(&|bytes| Array3::<f64>::zeros((2, 0, 3)).write_npy(bytes).expect("memory")),
    ]
}

fn npz() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in ["a.npy", "b.npy"].into_iter().zip(npys()) {
        zip.start_file(name, SimpleFileOptions::default()).expect("memory");
        zip.write_all(&bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// Cells 7 and 3 of one population: two blocks and one block of 2 x 1 x 1 cells in a mesh of 3 x 2 x 1 blocks.
fn vlsv() -> Vec<u8> {
    let words = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let longs = |numbers: &[u64]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let singles = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let reals = |numbers: &[f64]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let arrays = [
        ("BLOCKIDS", "uint", 4, 1, words(&[1, 5, 2])),
        ("BLOCKVARIABLE", "float", 4, 2, singles(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
        ("BLOCKSPERCELL", "uint", 4, 1, words(&[2, 1])),
        ("CELLSWITHBLOCKS", "uint", 8, 1, longs(&[7, 3])),
        ("MESH_BBOX", "uint", 8, 1, longs(&[3, 2, 1, 2, 1, 1])),
        ("MESH_NODE_CRDS_X", "float", 8, 1, reals(&[-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0])),
        ("MESH_NODE_CRDS_Y", "float", 8, 1, reals(&[10.0, 20.0, 30.0])),
        ("MESH_NODE_CRDS_Z", "float", 8, 1, reals(&[0.0, 0.5])),
    ];
    let (mut bytes, mut footer) = (vec![0; 16], "<VLSV>\n".to_string());
    for (tag, kind, size, vector, data) in arrays {
        let (key, rows, at) =
            (if tag.starts_with("MESH") { "mesh" } else { "name" }, data.len() / size / vector, bytes.len());
        footer += &format!(
            "<{tag} arraysize=\"{rows}\" datasize=\"{size}\" datatype=\"{kind}\" {key}=\"he\" vectorsize=\"{vector}\">{at}</{tag}>\n"
        );
        bytes.extend(data);
    }
    let end = bytes.len() as u64;
    bytes[8..16].copy_from_slice(&end.to_le_bytes());
    bytes.extend((footer + "</VLSV>").into_bytes());
    bytes
}

fn pngs() -> Vec<Vec<u8>> {
    use png::{BitDepth, ColorType};
    let one = |colour, depth, bytes_per_row: usize| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 8, 3);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == ColorType::Indexed {
            encoder.set_palette(&[1u8, 2, 3, 4, 5, 6, 7, 8, 9][..]);
            encoder.set_trns(&[0u8, 128][..]);
        }
        let data: Vec<u8> = (0..3 * bytes_per_row).map(|at| (at * 5 % 3) as u8).collect();
        encoder.write_header().expect("memory").write_image_data(&data).expect("memory");
        bytes
    };
    vec![
        one(ColorType::Grayscale, BitDepth::Eight, 8),
        one(ColorType::Rgb, BitDepth::Sixteen, 48),
        one(ColorType::Indexed, BitDepth::Two, 2),
        one(ColorType::GrayscaleAlpha, BitDepth::Eight, 16),
        one(ColorType::Grayscale, BitDepth::One, 1),
    ]
}

/// Puts the right checksum behind every chunk of a PNG, so that changed chunks are read.
pub fn mend_png(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4) {
        let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
        let Some(end) = at.checked_add(length).and_then(|end| end.checked_add(8)) else { return };
        let Some(chunk) = bytes.get(at + 4..end) else { return };
        let crc = crc32(chunk);
        let Some(place) = bytes.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&crc.to_be_bytes());
        at = end + 4;
    }
}

/// The checksum of PNG, bit by bit (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    };
    !bytes.iter().fold(u32::MAX, step)
}
