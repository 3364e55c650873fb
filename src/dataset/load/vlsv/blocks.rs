//! Sparse velocity blocks <-> a dense box of cells.
//!
//! A velocity mesh is made of equal blocks; a block's id is `(iz * ny + iy) * nx + ix`, and its cells follow one another
//! with x fastest. Only blocks that hold something are stored. Here they become a box in C order (vz, vy, vx).

use std::ops::Range;

/// A velocity mesh; axes in the order x, y, z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mesh {
    /// Blocks along each axis.
    pub blocks: [u64; 3],
    /// Cells along each axis of a block.
    pub width: [usize; 3],
}

/// A box of blocks within a mesh; axes in the order x, y, z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The block nearest to the mesh's origin.
    pub first: [u64; 3],
    /// Blocks along each axis.
    pub count: [u64; 3],
}

impl Mesh {
    /// Number of blocks, if it can be counted.
    pub fn block_count(&self) -> Option<u64> {
        self.blocks.iter().try_fold(1u64, |product, &length| product.checked_mul(length))
    }

    /// Cells of a block.
    pub fn cells(&self) -> usize {
        self.width.iter().product()
    }

    fn place(&self, id: u64) -> [u64; 3] {
        let [x, y, _] = self.blocks;
        [id % x, id / x % y, id / x / y]
    }

    fn id(&self, [x, y, z]: [u64; 3]) -> u64 {
        (z * self.blocks[1] + y) * self.blocks[0] + x
    }

    /// The smallest box that holds all blocks; `None` for none. The ids must be below [`block_count`](Self::block_count).
    pub fn bounds(&self, ids: impl IntoIterator<Item = u64>) -> Option<Region> {
        let mut places = ids.into_iter().map(|id| self.place(id));
        let first = places.next()?;
        let (low, high) = places.fold((first, first), |(low, high), place| {
            let with = |old: [u64; 3], pick: fn(u64, u64) -> u64| std::array::from_fn(|i| pick(old[i], place[i]));
            (with(low, u64::min), with(high, u64::max))
        });
        Some(Region { first: low, count: std::array::from_fn(|i| high[i] - low[i] + 1) })
    }

    /// Cells of a region along vz, vy, vx; `None` if they cannot be counted.
    pub fn shape(&self, region: &Region) -> Option<[usize; 3]> {
        let length = |axis: usize| usize::try_from(region.count[axis]).ok()?.checked_mul(self.width[axis]);
        let shape = [length(2)?, length(1)?, length(0)?];
        shape.iter().try_fold(1usize, |product, &length| product.checked_mul(length)).map(|_| shape)
    }

    /// Copies blocks into a dense box of zeros, both of elements of `size` bytes.
    ///
    /// # Panics
    /// If a block lies outside the region, or a length does not fit.
    pub fn scatter(&self, region: &Region, ids: &[u64], blocks: &[u8], size: usize, dense: &mut [u8]) {
        let row = self.width[0] * size;
        for (&id, block) in ids.iter().zip(blocks.chunks_exact(self.cells() * size)) {
            for (start, from) in self.rows(region, id, size).zip(block.chunks_exact(row)) {
                dense[start].copy_from_slice(from);
            }
        }
    }

    /// The way back: the blocks of a dense box in which not every byte is zero, by rising id.
    ///
    /// # Panics
    /// If the box has another length than the region.
    pub fn gather(&self, region: &Region, dense: &[u8], size: usize) -> (Vec<u64>, Vec<u8>) {
        let (mut ids, mut blocks) = (Vec::new(), Vec::new());
        let [nx, ny, nz] = region.count;
        for at in 0..nx * ny * nz {
            let inside = [at % nx, at / nx % ny, at / nx / ny];
            let id = self.id(std::array::from_fn(|axis| region.first[axis] + inside[axis]));
            if self.rows(region, id, size).any(|row| dense[row].iter().any(|&byte| byte != 0)) {
                ids.push(id);
                self.rows(region, id, size).for_each(|row| blocks.extend_from_slice(&dense[row]));
            }
        }
        (ids, blocks)
    }

    /// Where the rows of a block lie in the dense box, as bytes, in the order of the block.
    fn rows(&self, region: &Region, id: u64, size: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let place = self.place(id);
        let width = self.width;
        let corner: [usize; 3] = std::array::from_fn(|axis| (place[axis] - region.first[axis]) as usize * width[axis]);
        let across: [usize; 2] = std::array::from_fn(|axis| region.count[axis] as usize * width[axis]);
        (0..width[2] * width[1]).map(move |row| {
            let (z, y) = (corner[2] + row / width[1], corner[1] + row % width[1]);
            let start = ((z * across[1] + y) * across[0] + corner[0]) * size;
            start..start + width[0] * size
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 2 x 1 x 1 cells (x, y, z) in a mesh of 3 x 2 x 2 of them.
    const MESH: Mesh = Mesh { blocks: [3, 2, 2], width: [2, 1, 1] };

    #[test]
    fn two_blocks_of_two_cells_by_hand() {
        // Block 1 is (1, 0, 0); block 11 is (2, 1, 1).
        let ids = [11, 1];
        let region = MESH.bounds(ids).expect("two blocks");
        assert_eq!(region, Region { first: [1, 0, 0], count: [2, 2, 2] });
        assert_eq!(MESH.shape(&region), Some([2, 2, 4]));
        let mut dense = vec![0; 16];
        MESH.scatter(&region, &ids, &[5, 6, 7, 8], 1, &mut dense);
        assert_eq!(dense, [7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6]);
        assert_eq!(MESH.gather(&region, &dense, 1), (vec![1, 11], vec![7, 8, 5, 6]));
    }

    #[test]
    fn every_block_of_a_mesh_returns_to_its_place() {
        let mesh = Mesh { blocks: [2, 3, 4], width: [4, 3, 2] };
        let ids: Vec<u64> = (0..24).collect();
        let blocks: Vec<u8> = (0..24 * 24 * 2u32).map(|at| (at % 251) as u8 + 1).collect();
        let region = mesh.bounds(ids.iter().copied()).expect("blocks");
        let mut dense = vec![0; blocks.len()];
        mesh.scatter(&region, &ids, &blocks, 2, &mut dense);
        assert!(dense.iter().all(|&byte| byte != 0) && dense != blocks);
        assert_eq!(mesh.gather(&region, &dense, 2), (ids, blocks));
    }

    #[test]
    fn no_blocks_have_no_box() {
        assert_eq!(MESH.bounds([]), None);
    }
}
