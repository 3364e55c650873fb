//! The tree: boxes, each with a decomposition of what those above it leave, and the walk over them.

use crate::shared::mixing::Cost;
use crate::shared::range::{Bit, BitCoder};
use crate::shared::tiles::Tile;
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
    tile: Tile,
    level: usize,
}

impl Place {
    /// A whole tile.
    pub fn root(shape: &[usize]) -> Self {
        Place { tile: Tile { start: vec![0; shape.len()], shape: shape.to_vec() }, level: 0 }
    }

    /// The boxes it is split into: halves of every edge of at least twice the shortest, the first ones longer; none if
    /// all edges are shorter.
    fn parts(&self) -> Vec<Place> {
        let mut parts = vec![Place { level: self.level + 1, ..self.clone() }];
        let shape = &self.tile.shape;
        for axis in (0..shape.len()).filter(|&axis| shape[axis] >= 2 * SHORTEST) {
            let first = shape[axis].div_ceil(2);
            let halves = |part: &Place| {
                let (mut low, mut high) = (part.clone(), part.clone());
                low.tile.shape[axis] = first;
                high.tile.start[axis] += first;
                high.tile.shape[axis] -= first;
                [low, high]
            };
            parts = parts.iter().flat_map(halves).collect();
        }
        if parts.len() == 1 { Vec::new() } else { parts }
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
        let mut integers = known.unwrap_or_else(|| Coded::empty(&place.tile.shape));
        integers.code(SCALES[choice.scale], &mut learnt.models, coder);
        place.tile.scatter(shape, &integers.values(choice), values, |value, part| *value += part);
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
        let analysis = Analysis::new(values.to_vec(), &place.tile.shape, &vec![adapted; place.tile.shape.len()]);
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
    let start = part.tile.start.iter().zip(&place.tile.start).map(|(part, whole)| part - whole).collect();
    Tile { start, ..part.tile.clone() }.gather(&place.tile.shape, values, |&value| value)
}
