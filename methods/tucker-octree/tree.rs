//! The tree: boxes, each with a decomposition of what those above it leave, and the walk over them.

use crate::shared::mixing::Cost;
use crate::shared::range::{Bit, BitCoder};
use crate::shared::tucker::{Analysis, Choice, Coded, Effort, Models, SCALES};

/// Shortest part of an edge.
const SHORTEST: usize = 3;
/// Levels that are told apart by their models.
const LEVELS: usize = 8;

/// A box: what is taken off its values, and the boxes it is split into.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    coded: Option<Coded>,
    parts: Vec<Node>,
}

/// What is learnt while coding a tree, from tile to tile.
#[derive(Clone, Debug)]
pub(super) struct Learnt {
    models: Models,
    coded: [Bit; LEVELS],
    split: [Bit; 2 * LEVELS],
}

impl Default for Learnt {
    fn default() -> Self {
        Learnt { models: Models::default(), coded: [Bit::default(); LEVELS], split: [Bit::default(); 2 * LEVELS] }
    }
}

/// A box inside a tile.
#[derive(Clone, Debug)]
pub(super) struct Place {
    start: Vec<usize>,
    shape: Vec<usize>,
    level: usize,
}

impl Place {
    /// A whole tile.
    pub fn root(shape: &[usize]) -> Self {
        Place { start: vec![0; shape.len()], shape: shape.to_vec(), level: 0 }
    }

    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The boxes it is split into: halves of every edge of at least twice the shortest, the first ones longer; none if
    /// all edges are shorter.
    fn parts(&self) -> Vec<Place> {
        let mut parts = vec![Place { level: self.level + 1, ..self.clone() }];
        for axis in (0..self.shape.len()).filter(|&axis| self.shape[axis] >= 2 * SHORTEST) {
            let first = self.shape[axis].div_ceil(2);
            let halves = |part: &Place| {
                let (mut low, mut high) = (part.clone(), part.clone());
                low.shape[axis] = first;
                high.start[axis] += first;
                high.shape[axis] -= first;
                [low, high]
            };
            parts = parts.iter().flat_map(halves).collect();
        }
        if parts.len() == 1 { Vec::new() } else { parts }
    }

    /// Calls `visit` with the offset of every row of the box in an array of `shape`.
    fn rows(&self, shape: &[usize], visit: impl FnMut(usize)) {
        crate::shared::tiles::Tile { start: self.start.clone(), shape: self.shape.clone() }.rows(shape, visit);
    }

    fn row(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }
}

/// Writes `node`, or reads one if there is none, and adds what it stands for to `values`, a tile of `shape` in units.
pub(super) fn code(
    node: Option<&Node>,
    place: &Place,
    (choice, shape): (Choice, &[usize]),
    (learnt, coder): (&mut Learnt, &mut impl BitCoder),
    values: &mut [f64],
) {
    let level = place.level.min(LEVELS - 1);
    let coded = coder.learnt(node.is_some_and(|node| node.coded.is_some()), &mut learnt.coded[level]);
    if coded {
        let known = node.and_then(|node| node.coded.clone());
        let mut integers = known.unwrap_or_else(|| Coded::empty(&place.shape));
        integers.code(SCALES[choice.scale], &mut learnt.models, coder);
        let (decoded, row) = (integers.values(choice), place.row());
        let mut rows = decoded.chunks_exact(row);
        place.rows(shape, |at| {
            let add = values[at..at + row].iter_mut().zip(rows.next().unwrap_or_default());
            add.for_each(|(value, part)| *value += part);
        });
    }
    let parts = place.parts();
    if parts.is_empty() {
        return;
    }
    let split = node.is_some_and(|node| !node.parts.is_empty());
    if coder.learnt(split, &mut learnt.split[2 * level + usize::from(coded)]) {
        for (number, part) in parts.iter().enumerate() {
            let node = node.and_then(|node| node.parts.get(number));
            code(node, part, (choice, shape), (learnt, coder), values);
        }
    }
}

/// Decides about boxes by what they cost.
pub(super) struct Grower<F: Fn(&[f64]) -> f64> {
    pub choice: Choice,
    pub effort: Effort,
    /// Bits that values are worth if they are left as they are.
    pub left: F,
    learnt: Learnt,
}

impl<F: Fn(&[f64]) -> f64> Grower<F> {
    /// Boxes under `choice`; `left` says what values that are left over cost, in bits.
    pub fn new(choice: Choice, effort: Effort, left: F) -> Self {
        Grower { choice, effort, left, learnt: Learnt::default() }
    }

    /// The tree below `place` for what is still to be told of its values, and what it costs with what it leaves.
    pub fn grow(&mut self, values: Vec<f64>, place: &Place) -> (Node, f64) {
        let mut bits = (self.left)(&values);
        let mut node = Node::default();
        // What costs less than a few bytes is not worth a look.
        if bits < 24.0 {
            return (node, bits + 1.0);
        }
        let mut values = values;
        let tries = [true, false].map(|adapted| self.take(&values, place, adapted));
        for (coded, rest, cost) in tries.into_iter().flatten() {
            if cost < bits {
                (node.coded, values, bits) = (Some(coded), rest, cost);
            }
        }
        bits += 1.0;
        let parts = place.parts();
        if parts.is_empty() || (self.left)(&values) < 24.0 {
            return (node, bits);
        }
        let own = bits - (self.left)(&values);
        let grown: Vec<(Node, f64)> = parts.iter().map(|part| self.grow(gather(&values, place, part), part)).collect();
        let split: f64 = own + 1.0 + grown.iter().map(|(_, bits)| bits).sum::<f64>();
        if split < bits {
            node.parts = grown.into_iter().map(|(node, _)| node).collect();
            bits = split;
        }
        (node, bits)
    }

    /// A decomposition of `values`, what it leaves, and what both cost.
    fn take(&mut self, values: &[f64], place: &Place, adapted: bool) -> Option<(Coded, Vec<f64>, f64)> {
        let analysis = Analysis::new(values.to_vec(), &place.shape, &vec![adapted; place.shape.len()]);
        let mut coded = analysis.quantise(self.choice, self.effort)?;
        if coded.core.is_empty() {
            return None;
        }
        let mut cost = Cost::default();
        coded.code(SCALES[self.choice.scale], &mut self.learnt.models, &mut cost);
        let decoded = coded.values(self.choice);
        let rest: Vec<f64> = values.iter().zip(&decoded).map(|(value, part)| value - part).collect();
        let bits = cost.bits + (self.left)(&rest);
        Some((coded, rest, bits))
    }
}

/// The values of a part of the box at `place`.
fn gather(values: &[f64], place: &Place, part: &Place) -> Vec<f64> {
    let start = part.start.iter().zip(&place.start).map(|(part, whole)| part - whole).collect();
    let inside = Place { start, ..part.clone() };
    let (mut gathered, row) = (Vec::with_capacity(part.len()), part.row());
    inside.rows(&place.shape, |at| gathered.extend_from_slice(&values[at..at + row]));
    gathered
}
