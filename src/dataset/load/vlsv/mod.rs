//! VLSV, the file format of the Vlasiator simulations: velocity distributions as sparse blocks, per population and
//! spatial cell.

pub mod blocks;
mod config;
mod footer;
#[cfg(test)]
mod tests;

use std::ops::Range;

use codecbench_methods::api::{DType, Tensor};

use self::blocks::{Mesh, Region};
use self::footer::{Array, File};
use super::{FormatError, Parsed, malformed, raw, unsupported};
use crate::dataset::manifest::{Layout, VlsvView};

/// Cells of a dense box that may always be made, however few are stored.
pub const CELLS: u64 = 1 << 24;
/// How many times the stored cells a larger box may have: two blocks at the ends of a large mesh must not fill the memory
/// with zeros.
const TIMES_STORED: u64 = 64;
/// Most relative deviation of a velocity mesh from an even spacing.
const EVEN: f64 = 1e-9;
/// Most names listed in an error.
const LISTED: usize = 8;

/// One population's velocity distributions in a file.
struct Population<'f> {
    file: &'f File<'f>,
    name: String,
    mesh: Mesh,
    ids: Vec<u64>,
    values: &'f Array,
    /// Spatial cells with the blocks they own, by rising id.
    cells: Vec<(u64, Range<usize>)>,
}

/// The velocity grid of a box along vz, vy, vx, m/s.
struct Axes {
    spacing: [f64; 3],
    /// Lower corner of the first cell.
    origin: [f64; 3],
}

/// The populations that a file holds distributions of, in its order; the name is empty in files older than populations.
///
/// # Errors
/// `Malformed` for bytes that are no VLSV.
pub fn populations(bytes: &[u8]) -> Result<Vec<String>, FormatError> {
    Ok(names(&File::parse(bytes)?))
}

/// Reads one population: the distribution of one spatial cell as a dense box (vz, vy, vx) or as a list of blocks
/// (block, vz, vy, vx), or, where the view names no cell and the file has several, all of them as a stack of boxes
/// (cell, vz, vy, vx) that share their corners. Blocks that are not stored are zeros.
///
/// # Errors
/// `Malformed` for truncated or contradictory bytes, with the place; `Unsupported` for a population or cell that is not
/// there (the known ones are listed), refined velocity meshes, and boxes far larger than what is stored.
pub fn parse(bytes: &[u8], view: &VlsvView) -> Result<Parsed, FormatError> {
    let file = File::parse(bytes)?;
    let population = Population::read(&file, &choose(names(&file), view.population.as_deref())?)?;
    let cells = population.choose(view)?;
    let (region, shape) = population.region(&cells)?;
    let tensor = if view.blocks { population.list(&cells[0])? } else { population.boxes(&cells, &region, shape)? };
    let grid = population.axes(&region)?;
    let threshold = config(&file)?.and_then(|text| config::threshold(&text, &population.name));
    let leading = tensor.shape().len() - 3;
    let with_leading = |numbers: [f64; 3], first| [vec![first; leading], numbers.to_vec()].concat();
    Ok(Parsed {
        velocity_spacing: grid.as_ref().map(|grid| with_leading(grid.spacing, 1.0)),
        velocity_origin: grid.filter(|_| !view.blocks).map(|grid| with_leading(grid.origin, 0.0)),
        sparsity_threshold: threshold,
        stack: leading == 1 && !view.blocks,
        luma_rows: None,
        ..tensor.into()
    })
}

fn names(file: &File<'_>) -> Vec<String> {
    file.all("BLOCKIDS").map(|array| array.attribute("name").to_string()).collect()
}

fn choose(names: Vec<String>, wanted: Option<&str>) -> Result<String, FormatError> {
    let known = list(&names);
    match wanted {
        Some(name) if names.iter().any(|known| known == name) => Ok(name.to_string()),
        Some(name) => Err(unsupported(format!("vlsv: no population {name:?}; there are {known}"))),
        None if names.is_empty() => Err(unsupported("vlsv: the file holds no velocity distributions (no BLOCKIDS)")),
        None if names.len() == 1 => Ok(names[0].clone()),
        None => Err(unsupported(format!("vlsv: name one with `population = ...`; there are {known}"))),
    }
}

/// The first few of some names.
fn list(names: &[impl ToString]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(ToString::to_string).collect();
    let more = if names.len() > LISTED { format!(" and {} more", names.len() - LISTED) } else { String::new() };
    shown.join(", ") + &more
}

/// The configuration of the simulation, if the file keeps it.
fn config(file: &File<'_>) -> Result<Option<String>, FormatError> {
    let array = file.find("CONFIG", "name", "config_file");
    array.map(|array| Ok(String::from_utf8_lossy(file.data(array)?).into_owned())).transpose()
}

impl<'f> Population<'f> {
    fn read(file: &'f File<'f>, name: &str) -> Result<Self, FormatError> {
        let array = |tag: &str, key| {
            let missing = || malformed(format!("vlsv: the footer has no {tag} of population {name:?}"));
            file.find(tag, key, name).ok_or_else(missing)
        };
        let mesh = mesh(file, array("MESH_BBOX", "mesh")?)?;
        let (id_array, values) = (array("BLOCKIDS", "name")?, array("BLOCKVARIABLE", "name")?);
        let ids = file.integers(id_array)?;
        let found = [values.number("arraysize")?, values.number("vectorsize")?];
        let expected = [ids.len() as u64, mesh.cells() as u64];
        if found != expected {
            return Err(values.wrong(format!("{} blocks of {} cells, not {found:?}", expected[0], expected[1])));
        }
        let limit = mesh.block_count().unwrap_or(0);
        if let Some(outside) = ids.iter().find(|&&id| id >= limit) {
            return Err(id_array.wrong(format!("block {outside} of a mesh of {limit}")));
        }
        let (cells, counts) = (array("CELLSWITHBLOCKS", "name")?, array("BLOCKSPERCELL", "name")?);
        let cells = owners(&file.integers(cells)?, &file.integers(counts)?, ids.len()).map_err(|e| counts.wrong(e))?;
        for (cell, range) in &cells {
            let mut sorted = ids[range.clone()].to_vec();
            sorted.sort_unstable();
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(id_array.wrong(format!("block {} occurs twice in cell {cell}", pair[0])));
            }
        }
        Ok(Population { file, name: name.to_string(), mesh, ids, values, cells })
    }

    /// The cells that a view asks for: at least one, and each with blocks.
    fn choose(&self, view: &VlsvView) -> Result<Vec<(u64, Range<usize>)>, FormatError> {
        let full: Vec<_> = self.cells.iter().filter(|(_, blocks)| !blocks.is_empty()).cloned().collect();
        let known: Vec<u64> = full.iter().map(|(cell, _)| *cell).collect();
        let Some(wanted) = view.cell else {
            return match full.len() {
                0 => Err(unsupported(format!("vlsv: no cell has a distribution of {:?}", self.name))),
                1 => Ok(full),
                _ if view.blocks => {
                    Err(unsupported(format!("vlsv: name one with `cell = ...`; there are {}", list(&known))))
                }
                _ => Ok(full),
            };
        };
        let found: Vec<_> = full.into_iter().filter(|(cell, _)| *cell == wanted).collect();
        if found.is_empty() {
            return Err(unsupported(format!("vlsv: cell {wanted} has no distribution; these have: {}", list(&known))));
        }
        Ok(found)
    }

    /// The box that holds the blocks of all cells, and its shape.
    fn region(&self, cells: &[(u64, Range<usize>)]) -> Result<(Region, [usize; 3]), FormatError> {
        let ids = cells.iter().flat_map(|(_, range)| &self.ids[range.clone()]).copied();
        let region = self.mesh.bounds(ids).ok_or_else(|| unsupported("vlsv: no blocks"))?;
        let stored = cells.iter().map(|(_, range)| range.len() * self.mesh.cells()).sum::<usize>() as u64;
        let limit = CELLS.max(stored.saturating_mul(TIMES_STORED));
        let shape = self.mesh.shape(&region);
        let total = |shape: &[usize; 3]| shape.iter().product::<usize>().checked_mul(cells.len());
        match shape.filter(|shape| total(shape).is_some_and(|total| total as u64 <= limit)) {
            Some(shape) => Ok((region, shape)),
            None => Err(unsupported(format!(
                "vlsv: a box of {:?} blocks for {} cells that store {stored} values",
                region.count,
                cells.len()
            ))),
        }
    }

    fn boxes(&self, cells: &[(u64, Range<usize>)], region: &Region, shape: [usize; 3]) -> Result<Tensor, FormatError> {
        let (size, values) = (self.values.real_size()?, self.file.data(self.values)?);
        let (block, one) = (self.mesh.cells() * size, shape.iter().product::<usize>() * size);
        let mut dense = vec![0; one * cells.len()];
        for ((_, range), dense) in cells.iter().zip(dense.chunks_exact_mut(one)) {
            let blocks = &values[range.start * block..range.end * block];
            self.mesh.scatter(region, &self.ids[range.clone()], blocks, size, dense);
        }
        let stack = (cells.len() > 1).then_some(cells.len());
        self.tensor(stack.into_iter().chain(shape).collect(), &dense)
    }

    fn list(&self, (_, range): &(u64, Range<usize>)) -> Result<Tensor, FormatError> {
        let block = self.mesh.cells() * self.values.real_size()?;
        let [x, y, z] = self.mesh.width;
        let values = &self.file.data(self.values)?[range.start * block..range.end * block];
        self.tensor(vec![range.len(), z, y, x], values)
    }

    fn tensor(&self, shape: Vec<usize>, bytes: &[u8]) -> Result<Tensor, FormatError> {
        let dtype = if self.values.real_size()? == 4 { DType::F32 } else { DType::F64 };
        raw::parse(bytes, &Layout { shape, dtype }, self.file.big_endian)
    }

    /// The velocity grid of a box; `None` where the file has no evenly spaced mesh.
    fn axes(&self, region: &Region) -> Result<Option<Axes>, FormatError> {
        let mut axes = Axes { spacing: [0.0; 3], origin: [0.0; 3] };
        for (at, tag) in ["MESH_NODE_CRDS_Z", "MESH_NODE_CRDS_Y", "MESH_NODE_CRDS_X"].into_iter().enumerate() {
            let (axis, width) = (2 - at, self.mesh.width[2 - at] as u64);
            let Some(array) = self.file.find(tag, "mesh", &self.name) else { return Ok(None) };
            let nodes = self.file.reals(array)?;
            let cells = self.mesh.blocks[axis].saturating_mul(width);
            if cells.checked_add(1) != Some(nodes.len() as u64) {
                return Err(array.wrong(format!("{} nodes for {cells} cells", nodes.len())));
            }
            let step = (nodes[nodes.len() - 1] - nodes[0]) / cells as f64;
            if !(step.is_finite() && step > 0.0)
                || nodes.windows(2).any(|pair| (pair[1] - pair[0] - step).abs() > EVEN * step.max(nodes[0].abs()))
            {
                return Ok(None);
            }
            axes.spacing[at] = step;
            axes.origin[at] = nodes[(region.first[axis] * width) as usize];
        }
        Ok(Some(axes))
    }
}

fn mesh(file: &File<'_>, array: &Array) -> Result<Mesh, FormatError> {
    if !matches!(array.attribute("max_velocity_ref_level"), "" | "0") {
        return Err(unsupported("vlsv: a refined velocity mesh"));
    }
    let numbers = file.integers(array)?;
    let [x, y, z, wx, wy, wz] = numbers[..] else {
        return Err(array.wrong(format!("{} numbers, not six", numbers.len())));
    };
    let small = |width: u64| usize::try_from(width).ok().filter(|width| (1..=1 << 16).contains(width));
    let widths = small(wx).zip(small(wy)).zip(small(wz));
    let mesh = widths.map(|((wx, wy), wz)| Mesh { blocks: [x, y, z], width: [wx, wy, wz] });
    mesh.filter(|mesh| mesh.block_count().is_some_and(|blocks| blocks > 0))
        .ok_or_else(|| array.wrong(format!("no velocity mesh: {numbers:?} blocks and cells of a block")))
}

/// Which blocks belong to which cell: the file lists them cell by cell.
fn owners(cells: &[u64], counts: &[u64], blocks: usize) -> Result<Vec<(u64, Range<usize>)>, String> {
    if cells.len() != counts.len() {
        return Err(format!("{} numbers for {} cells", counts.len(), cells.len()));
    }
    let mut start = 0usize;
    let mut owners = Vec::with_capacity(cells.len());
    for (&cell, &count) in cells.iter().zip(counts) {
        let end = usize::try_from(count).ok().and_then(|count| start.checked_add(count)).filter(|&end| end <= blocks);
        let end = end.ok_or_else(|| format!("cell {cell} would own {count} of {blocks} blocks, from {start} on"))?;
        owners.push((cell, start..end));
        start = end;
    }
    if start != blocks {
        return Err(format!("the cells own {start} of {blocks} blocks"));
    }
    owners.sort_by_key(|(cell, _)| *cell);
    match owners.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(format!("cell {} occurs twice", pair[0].0)),
        None => Ok(owners),
    }
}
