//! Pictures and videos of dead leaves: discs of all sizes that hide each other, which have the statistics of photographs
//! (Lee, Mumford and Huang 2001).

use codecbench_methods::api::{DType, Tensor};
use ndarray::{ArrayD, IxDyn};

use super::lattice::{Lattice, Octaves, mix};
use super::random::Random;
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// A picture; axes row, column, (channel).
pub const LEAVES: Generator = Generator {
    id: "dead-leaves",
    kind: Kind::Image,
    summary: "dead leaves: textured discs of all sizes that hide each other, with photon noise; grey or colour",
    variants: &[],
    dtypes: &[DType::U8, DType::U16],
    ranks: 2..=3,
    make: picture,
};

/// A video whose optical flow is known; axes frame, row, column.
pub const LEAVES_VIDEO: Generator = Generator {
    id: "dead-leaves-video",
    kind: Kind::Video,
    summary: "moving dead leaves: each disc glides at its own speed, so the optical flow is known exactly",
    variants: &["noisy", "clean"],
    dtypes: &[DType::U8, DType::U16],
    ranks: 3..=3,
    make: video,
};

/// How often the discs cover the picture, all together.
const COVER: f64 = 6.0;
/// Smallest radius, pixels.
const SMALLEST: f64 = 4.0;
/// Largest radius, as a share of the longer side.
const LARGEST: f64 = 0.22;
/// Fastest disc, pixels a frame.
const FASTEST: f64 = 3.0;

struct Disc {
    centre: [f64; 2],
    velocity: [f64; 2],
    radius: f64,
    colour: [f64; 3],
    contrast: f64,
    grain: f64,
    texture: Lattice,
}

/// One picture being painted, back to front.
struct Canvas {
    rows: usize,
    columns: usize,
    channels: usize,
    samples: Vec<f64>,
    /// Velocity of the disc in front, (down, right), pixels a frame.
    flow: Vec<[f64; 2]>,
}

fn picture(request: &Request<'_>) -> Generated {
    let (rows, columns) = (request.shape[0], request.shape[1]);
    let channels = request.shape.get(2).copied().unwrap_or(1);
    let canvas = paint(&scene(request.seed, rows, columns), rows, columns, channels, 0.0);
    let mut noise = Random::new(request.seed, 1);
    let samples: Vec<f64> =
        canvas.samples.iter().map(|&light| expose(light, request.dtype, Some(&mut noise))).collect();
    tensor(request, samples).into()
}

fn video(request: &Request<'_>) -> Generated {
    let (frames, rows, columns) = (request.shape[0], request.shape[1], request.shape[2]);
    let scene = scene(request.seed, rows, columns);
    let mut noise = Random::new(request.seed, 1);
    let (mut samples, mut flow) = (Vec::with_capacity(request.len()), Vec::new());
    for frame in 0..frames {
        let canvas = paint(&scene, rows, columns, 1, frame as f64);
        let noise = &mut noise;
        let clean = request.is("clean");
        samples.extend(
            canvas
                .samples
                .iter()
                .map(|&light| expose(light, request.dtype, if clean { None } else { Some(&mut *noise) })),
        );
        if frame + 1 < frames {
            flow.extend(canvas.flow.iter().flatten().map(|&speed| speed as f32));
        }
    }
    let shape = IxDyn(&[frames.saturating_sub(1), rows, columns, 2]);
    let flow = ArrayD::from_shape_vec(shape, flow).expect("two numbers a pixel for all frames but the last");
    Generated { flow: Some(Tensor::from(flow)), ..tensor(request, samples).into() }
}

/// Discs from back to front; the first covers everything.
fn scene(seed: u64, rows: usize, columns: usize) -> Vec<Disc> {
    let mut random = Random::new(seed, 0);
    let size = rows.max(columns) as f64;
    let (smallest, largest) = (SMALLEST, (LARGEST * size).max(2.0 * SMALLEST));
    let mut discs = vec![disc(&mut random, [rows as f64 / 2.0, columns as f64 / 2.0], 4.0 * size, 0)];
    let mut covered = 0.0;
    while covered < COVER * (rows * columns) as f64 {
        // Density r^-3 by inversion: the scale-free one.
        let share = random.unit();
        let inverse = share / (largest * largest) + (1.0 - share) / (smallest * smallest);
        let radius = 1.0 / libm::sqrt(inverse);
        let along = |random: &mut Random, length: usize| random.between(-radius, length as f64 + radius);
        let centre = [along(&mut random, rows), along(&mut random, columns)];
        covered += std::f64::consts::PI * radius * radius;
        discs.push(disc(&mut random, centre, radius, discs.len() as u64));
    }
    discs
}

fn disc(random: &mut Random, centre: [f64; 2], radius: f64, number: u64) -> Disc {
    let light = random.between(0.08, 0.9);
    let tint: [f64; 3] = std::array::from_fn(|_| random.between(-0.18, 0.18));
    Disc {
        centre,
        velocity: std::array::from_fn(|_| random.between(-FASTEST, FASTEST)),
        radius,
        colour: tint.map(|tint| (light + tint).clamp(0.02, 0.98)),
        contrast: random.between(0.02, 0.25),
        grain: random.between(0.04, 0.35),
        texture: Lattice::new(mix(number ^ random.bits())),
    }
}

fn paint(scene: &[Disc], rows: usize, columns: usize, channels: usize, time: f64) -> Canvas {
    let pixels = rows * columns;
    let (samples, flow) = (vec![0.0; pixels * channels], vec![[0.0; 2]; pixels]);
    let mut canvas = Canvas { rows, columns, channels, samples, flow };
    scene.iter().for_each(|disc| canvas.add(disc, time));
    canvas
}

impl Canvas {
    fn add(&mut self, disc: &Disc, time: f64) {
        let centre: [f64; 2] = std::array::from_fn(|axis| disc.centre[axis] + disc.velocity[axis] * time);
        let range = |axis: usize, length: usize| {
            let low = (centre[axis] - disc.radius - 1.0).max(0.0) as usize;
            low.min(length)..((centre[axis] + disc.radius + 2.0).max(0.0) as usize).min(length)
        };
        for row in range(0, self.rows) {
            for column in range(1, self.columns) {
                let (down, right) = (row as f64 - centre[0], column as f64 - centre[1]);
                let inside = disc.radius - libm::sqrt(down * down + right * right) + 0.5;
                if inside > 0.0 {
                    self.blend(row * self.columns + column, disc, [down, right], inside.min(1.0));
                }
            }
        }
    }

    /// Lays one pixel of a disc over what is there; `cover` is the share of the pixel inside the disc.
    fn blend(&mut self, pixel: usize, disc: &Disc, place: [f64; 2], cover: f64) {
        let texture = disc.texture.fractal(&place.map(|x| x * disc.grain), Octaves { count: 3, gain: 0.6 });
        for channel in 0..self.channels {
            let sample = &mut self.samples[pixel * self.channels + channel];
            let light = disc.colour[channel % 3] * (1.0 + disc.contrast * texture);
            *sample += cover * (light - *sample);
        }
        if cover > 0.5 {
            self.flow[pixel] = disc.velocity;
        }
    }
}

/// Light in 0..1 to a sample, with photon noise if asked for, as a camera of that depth has it.
fn expose(light: f64, dtype: DType, noise: Option<&mut Random>) -> f64 {
    let (white, electrons) = if dtype == DType::U16 { (65535.0, 30000.0) } else { (255.0, 12000.0) };
    let light = light.clamp(0.0, 1.0);
    let noise =
        noise.map_or(0.0, |random| random.normal() * libm::sqrt((light * electrons + 25.0) / (electrons * electrons)));
    (white * (light + noise)).round().clamp(0.0, white)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_frame_warped_back_by_the_flow_is_this_frame() {
        let request = Request { shape: &[2, 120, 140], seed: 3, dtype: DType::U16, variant: Some("clean") };
        let made = video(&request);
        let (Tensor::U16(frames), Some(Tensor::F32(flow))) = (made.tensor, made.flow) else {
            panic!("u16 and its flow")
        };
        let at = |t: usize, y: usize, x: usize| f64::from(frames[[t, y, x]]);
        let speed = |y: usize, x: usize| (f64::from(flow[[0, y, x, 0]]), f64::from(flow[[0, y, x, 1]]));
        let inside = |y: usize, x: usize| (y - 3..y + 4).all(|j| (x - 3..x + 4).all(|i| speed(j, i) == speed(y, x)));
        let (mut good, mut all) = (0, 0);
        for (y, x) in (8..112).flat_map(|y| (8..132).map(move |x| (y, x))).filter(|&(y, x)| inside(y, x)) {
            let (v, u) = (y as f64 + speed(y, x).0, x as f64 + speed(y, x).1);
            let (j, i) = (v.floor() as usize, u.floor() as usize);
            let (b, a) = (v - v.floor(), u - u.floor());
            let row = |j: usize| (1.0 - a) * at(1, j, i) + a * at(1, j, i + 1);
            let warped = (1.0 - b) * row(j) + b * row(j + 1);
            all += 1;
            good += usize::from((warped - at(0, y, x)).abs() < 1500.0);
        }
        // What another disc hides in the next frame cannot match.
        assert!(all > 300 && good * 100 > all * 90, "{good} of {all} pixels match");
    }

    #[test]
    fn a_colour_picture_has_three_channels_that_are_alike_but_not_equal() {
        let request = Request { shape: &[40, 50, 3], seed: 1, dtype: DType::U8, variant: None };
        let Tensor::U8(samples) = picture(&request).tensor else { panic!("u8 was asked for") };
        let pixels = samples.as_slice().expect("C order").chunks_exact(3);
        let different = pixels.filter(|pixel| pixel[0] != pixel[1]).count();
        assert!(different > 1000, "{different} of 2000 pixels have colour");
    }
}
