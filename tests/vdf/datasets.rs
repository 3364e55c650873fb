//! Velocity distributions in files of others: the numbers that the reader must find in them.

use codecbench::dataset::Dataset;
use codecbench::dataset::catalogue::{Catalogue, LoadError, RawHint};
use codecbench::dataset::load::vlsv;
use codecbench::dataset::manifest::VlsvView;
use codecbench::metrics::Metric;
use codecbench::plan::{Subject, plan};
use codecbench::run::compress;
use codecbench::spec::{MethodSpec, TargetSpec};
use codecbench_methods::api::Tensor;

/// A data set, or nothing, with a line that says so, where it is not here.
fn load(name: &str) -> Option<Dataset> {
    let catalogue = Catalogue::open().expect("valid manifests");
    let manifest = catalogue.select(&[name.to_string()], &RawHint::default()).expect(name).remove(0);
    match catalogue.load(&manifest) {
        Ok(dataset) => Some(dataset),
        Err(error @ LoadError::NotPresent(_)) => {
            println!("skipped: {name}: {error}");
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

fn file() -> Option<Vec<u8>> {
    let catalogue = Catalogue::open().expect("valid manifests");
    let manifest = catalogue.select(&["vlasiator_vlsv_proton".into()], &RawHint::default()).expect("known").remove(0);
    let path = catalogue.find(&manifest);
    if path.is_none() {
        println!("skipped: vlasiator_vlsv_proton is not in a folder of CODECBENCH_DATA");
    }
    path.map(|path| std::fs::read(path).expect("a readable file"))
}

fn bytes(tensor: &Tensor) -> Vec<u8> {
    let mut bytes = Vec::new();
    tensor.view().write_le(&mut bytes);
    bytes
}

#[test]
fn protons_of_the_vlsv_file_are_the_dense_box_and_the_blocks_that_others_took_from_it() {
    let (Some(read), Some(dense)) = (load("vlasiator_vlsv_proton"), load("vlasiator_proton_dense")) else { return };
    assert!(bytes(&read.tensor) == bytes(&dense.tensor), "the boxes differ");
    assert_eq!((read.velocity_spacing, read.sparsity_threshold), (dense.velocity_spacing, dense.sparsity_threshold));
    assert_eq!(read.velocity_origin, Some(vec![-640000.0, -640000.0, -560000.0]));
    let (Some(file), Some(blocks)) = (file(), load("vlasiator_proton_blocks")) else { return };
    let view = VlsvView { population: Some("proton".into()), cell: Some(1), blocks: true };
    let list = vlsv::parse(&file, &view).expect("a valid file");
    assert!(bytes(&list.tensor) == bytes(&blocks.tensor), "the blocks differ");
    println!("proton: {:?} dense, {:?} blocks, as taken by others", dense.tensor.shape(), blocks.tensor.shape());
}

#[test]
fn a_dense_box_gives_back_every_block_that_is_not_empty() {
    let Some(file) = file() else { return };
    let mesh = vlsv::blocks::Mesh { blocks: [50; 3], width: [4; 3] };
    for population in ["proton", "antiproton"] {
        let view = |blocks| VlsvView { population: Some(population.into()), cell: Some(1), blocks };
        let parse = |blocks| vlsv::parse(&file, &view(blocks)).expect("a valid file");
        let (dense, list) = (parse(false), parse(true));
        let origin = dense.velocity_origin.clone().expect("a mesh");
        let shape = dense.tensor.shape().to_vec();
        let first = [2, 1, 0].map(|axis: usize| ((origin[axis] + 2e6) / 8e4).round() as u64);
        let count = [2, 1, 0].map(|axis: usize| shape[axis] as u64 / 4);
        let region = vlsv::blocks::Region { first, count };
        let (ids, mut found) = mesh.gather(&region, &bytes(&dense.tensor), 4);
        let list = bytes(&list.tensor);
        let mut stored: Vec<&[u8]> = list.chunks_exact(256).filter(|block| block.iter().any(|&b| b != 0)).collect();
        println!("{population}: {} blocks stored, {} of them not empty", list.len() / 256, stored.len());
        assert_eq!(ids.len(), stored.len());
        let mut again = vec![0; bytes(&dense.tensor).len()];
        mesh.scatter(&region, &ids, &found, 4, &mut again);
        assert!(again == bytes(&dense.tensor), "{population}: blocks -> box -> blocks -> box");
        let mut found: Vec<&[u8]> = found.chunks_exact_mut(256).map(|block| &*block).collect();
        stored.sort_unstable();
        found.sort_unstable();
        assert!(stored == found, "{population}: the blocks that came back are others");
    }
}

/// Moments that the simulation wrote beside the distributions: density, m^-3, and bulk velocity along z, y, x, m/s.
const WRITTEN: [(&str, f64, [f64; 3]); 2] = [
    ("vlasiator_vlsv_proton", 3999999.3311079526, [-22.687001033501446, 15.15411742156887, -20.359299313336017]),
    ("vlasiator_vlsv_antiproton", 3999999.7897146004, [-12.319954374948432, 10.089530372775911, 18.586274388509565]),
];

#[test]
fn density_and_bulk_velocity_are_those_that_the_simulation_wrote_beside_them() {
    for (name, density, velocity) in WRITTEN {
        let Some(dataset) = load(name) else { return };
        let (spacing, origin) = (dataset.velocity_spacing.expect("a mesh"), dataset.velocity_origin.expect("a mesh"));
        let Tensor::F32(values) = &dataset.tensor else { panic!("float32") };
        let mut sums = [0.0; 4];
        for (at, &value) in values.indexed_iter() {
            let centre = |axis: usize| origin[axis] + (at[axis] as f64 + 0.5) * spacing[axis];
            let terms = [1.0, centre(0), centre(1), centre(2)].map(|weight| f64::from(value) * weight);
            sums = std::array::from_fn(|term| sums[term] + terms[term]);
        }
        let found = sums[0] * spacing.iter().product::<f64>();
        let bulk = [1, 2, 3].map(|axis| sums[axis] / sums[0]);
        println!("{name}: density {found}, written {density}; bulk velocity {bulk:?}, written {velocity:?}");
        assert!((found / density - 1.0).abs() < 1e-6, "{name}: {found} is not {density}");
        // A thousandth of a cell. The written velocity is not of exactly these values (it differs by up to 5 m/s).
        assert!(
            (0..3).all(|axis| (bulk[axis] - velocity[axis]).abs() < 1e-3 * spacing[axis]),
            "{name}: {bulk:?} is not {velocity:?}"
        );
    }
}

#[test]
fn the_sample_in_its_true_type_stores_50506_values_above_its_threshold() {
    let Some(dataset) = load("asterix_vdf50_f32") else { return };
    let subject = Subject { name: dataset.name.clone(), ..Subject::default() }.with(&dataset);
    let method = MethodSpec::parse("identity").expect("a method");
    let target = TargetSpec::parse_one("lossless").expect("a target");
    let plan = plan(vec![subject], &method, &[target], &[]).expect("one cell");
    let framed = compress(&plan.cells[0], &plan.subjects[0], &dataset, 1).expect("it runs");
    let record = framed.record;
    assert_eq!((record.input_bytes, record.ratio.map(|ratio| ratio > 0.99)), (Some(500_000), Some(true)));
    let sparse = record.sparse_ratio.zip(record.payload_bytes).map(|(ratio, bytes)| ratio * bytes as f64);
    assert_eq!(sparse.map(f64::round), Some(202_024.0));
}

#[test]
fn a_stack_has_a_ratio_of_its_own_and_those_of_its_distributions_beside_it() {
    let dataset = load("gen-vdf-stack").expect("it is generated");
    assert!(dataset.stack);
    let subject = Subject { name: dataset.name.clone(), ..Subject::default() }.with(&dataset);
    let methods = MethodSpec::parse("zlib").expect("a method");
    let target = TargetSpec::parse_one("lossless").expect("a target");
    let plan = plan(vec![subject], &methods, &[target], &[]).expect("one cell");
    let record = compress(&plan.cells[0], &plan.subjects[0], &dataset, 1).expect("it runs").record;
    let metric = |metric| record.metrics.get(metric).expect("a stack has it");
    let [low, total, high] = [Metric::VdfRatioMin, Metric::VdfRatioTotal, Metric::VdfRatioMax].map(metric);
    println!("zlib on the stack: ratio {:?}; one by one {total}, from {low} to {high}", record.ratio);
    assert!(low < total && total < high);
    assert_eq!(record.ratio, record.input_bytes.zip(record.payload_bytes).map(|(all, one)| all as f64 / one as f64));
}
