//! The frames of a video as optical flow sees them: one plane of luma each.

use super::filter::WINDOW;
use super::picture::Picture;
use super::source::Read;
use super::wide::wide;
use crate::dataset::Kind;

/// How the frames lie in an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Film {
    pub frames: usize,
    /// Elements of a frame, luma or not.
    stride: usize,
    pub rows: usize,
    pub columns: usize,
    channels: usize,
}

impl Film {
    /// Of frames, rows, columns, and channels if any, or of frames, planes, rows, columns. `luma_rows` says how many of
    /// the rows are luma where chroma stands below. `None` for anything else, for a single frame, and for frames smaller
    /// than the window.
    pub fn of(shape: &[usize], kind: Kind, luma_rows: Option<usize>) -> Option<Self> {
        let (frames, rows, columns, channels) = match (kind, shape) {
            (Kind::Video, &[frames, rows, columns]) => (frames, rows, columns, 1),
            (Kind::Video, &[frames, rows, columns, channels @ 1..=4]) => (frames, rows, columns, channels),
            (Kind::Video, &[frames, _, rows, columns]) => (frames, rows, columns, 1),
            _ => return None,
        };
        let luma = luma_rows.filter(|&luma| luma <= rows).unwrap_or(rows);
        let film = Film { frames, stride: shape[1..].iter().product(), rows: luma, columns, channels };
        (frames > 1 && luma >= WINDOW && columns >= WINDOW).then_some(film)
    }

    /// The luma of a frame, in units of `range`.
    pub fn luma(&self, frame: usize, range: f64, read: &Read<'_>, picture: &mut Picture) {
        picture.resize(self.rows, self.columns);
        let pixels = picture.pixels_mut();
        if self.channels == 1 {
            read(frame * self.stride, pixels);
            divide(pixels, range);
            return;
        }
        let mut row = vec![0.0; self.columns * self.channels];
        for (at, pixels) in pixels.chunks_exact_mut(self.columns).enumerate() {
            read(frame * self.stride + at * row.len(), &mut row);
            let means = row.chunks_exact(self.channels);
            let means = means.map(|pixel| pixel.iter().sum::<f64>() / (pixel.len() as f64 * range));
            pixels.iter_mut().zip(means).for_each(|(pixel, mean)| *pixel = mean);
        }
    }
}

fn divide(pixels: &mut [f64], range: f64) {
    wide(
        #[inline(always)]
        || pixels.iter_mut().for_each(|pixel| *pixel /= range),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_videos_of_several_frames_have_a_flow() {
        let of = |shape: &[usize], kind| Film::of(shape, kind, None);
        assert_eq!(of(&[1, 64, 64], Kind::Video), None);
        assert_eq!(of(&[5, 10, 64], Kind::Video), None);
        assert_eq!(of(&[5, 64, 64], Kind::Field), None);
        let planar = of(&[5, 3, 64, 48], Kind::Video).expect("planes of frames");
        assert_eq!((planar.rows, planar.columns, planar.stride, planar.channels), (64, 48, 3 * 64 * 48, 1));
        let interleaved = of(&[5, 64, 48, 3], Kind::Video).expect("channels of pixels");
        assert_eq!((interleaved.rows, interleaved.columns, interleaved.channels), (64, 48, 3));
        let below = Film::of(&[2, 96, 64], Kind::Video, Some(64)).expect("chroma below the luma");
        assert_eq!((below.rows, below.stride), (64, 96 * 64));
    }

    #[test]
    fn luma_is_the_first_plane_or_the_mean_of_the_channels() {
        let read = |start: usize, out: &mut [f64]| {
            out.iter_mut().enumerate().for_each(|(at, out)| *out = (start + at) as f64);
        };
        let luma = |shape: &[usize]| {
            let mut picture = Picture::default();
            Film::of(shape, Kind::Video, None).expect("a video").luma(1, 2.0, &read, &mut picture);
            picture.pixels_mut().to_vec()
        };
        let plane = luma(&[2, 3, 11, 12]);
        assert_eq!((plane.len(), plane[0], plane[131]), (132, 198.0, 263.5));
        let mean = luma(&[2, 11, 12, 3]);
        assert_eq!((mean.len(), mean[0], mean[131]), (132, 198.5, 395.0));
    }
}
