//! The codec `openjp2`, OpenJPEG in Rust, behind two functions. Its streams in memory are reached by its C interface alone.
#![expect(unsafe_code, reason = "openjp2 keeps the C interface of OpenJPEG")]

use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use openjp2::openjpeg::{
    opj_stream_default_create, opj_stream_set_read_function, opj_stream_set_seek_function,
    opj_stream_set_skip_function, opj_stream_set_user_data, opj_stream_set_user_data_length,
    opj_stream_set_write_function,
};
use openjp2::{
    Codec, OPJ_CLRSPC_GRAY, OPJ_CLRSPC_SRGB, OPJ_CODEC_J2K, Stream, opj_cparameters_t, opj_dparameters_t, opj_image,
    opj_image_comptparm,
};

use crate::api::Error;
use crate::shared::picture::Picture;

/// What the library reads or writes: bytes, and the place in them.
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    at: usize,
}

/// Shared with the stream, which holds one of the two references.
type Shared = Arc<Mutex<Memory>>;

/// Runs `body` on the memory behind the pointer that a stream was given.
///
/// # Safety
/// `data` points to the `Shared` of a living stream.
unsafe fn with<R>(data: *mut c_void, body: impl FnOnce(&mut Memory) -> R) -> R {
    // SAFETY: the caller says that the pointer is that of a living `Shared`.
    let shared = unsafe { &*data.cast::<Shared>() };
    body(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

unsafe extern "C" fn read(target: *mut c_void, length: usize, data: *mut c_void) -> usize {
    // SAFETY: the library gives a buffer of `length` bytes and the stream's own data.
    unsafe {
        with(data, |memory| {
            let rest = memory.bytes.get(memory.at..).unwrap_or_default();
            let count = rest.len().min(length);
            std::ptr::copy_nonoverlapping(rest.as_ptr(), target.cast::<u8>(), count);
            memory.at += count;
            // At the end the library wants the largest number.
            if count == 0 { usize::MAX } else { count }
        })
    }
}

unsafe extern "C" fn write(source: *mut c_void, length: usize, data: *mut c_void) -> usize {
    // SAFETY: the library gives a buffer of `length` bytes and the stream's own data.
    unsafe {
        let source = std::slice::from_raw_parts(source.cast::<u8>(), length);
        with(data, |memory| {
            let end = memory.at + length;
            memory.bytes.resize(memory.bytes.len().max(end), 0);
            memory.bytes[memory.at..end].copy_from_slice(source);
            memory.at = end;
        });
    }
    length
}

unsafe extern "C" fn skip(count: i64, data: *mut c_void) -> i64 {
    // SAFETY: the library gives the stream's own data.
    unsafe { with(data, |memory| memory.at = memory.at.saturating_add_signed(count as isize)) }
    count
}

unsafe extern "C" fn seek(place: i64, data: *mut c_void) -> i32 {
    // SAFETY: the library gives the stream's own data.
    unsafe { with(data, |memory| memory.at = usize::try_from(place).unwrap_or(0)) }
    1
}

unsafe extern "C" fn free(data: *mut c_void) {
    // SAFETY: the pointer came from `Box::into_raw` in `stream`, and the library frees it once.
    drop(unsafe { Box::from_raw(data.cast::<Shared>()) });
}

/// A stream over the memory, to read it or to write to it.
fn stream(memory: &Shared, input: bool) -> Box<Stream> {
    let length = memory.lock().unwrap_or_else(PoisonError::into_inner).bytes.len();
    // SAFETY: the stream that the library makes is a boxed `Stream`, taken over here; until then it is used by this thread
    // alone. It owns its data until it calls `free`, and calls the other functions with that data.
    unsafe {
        let stream = opj_stream_default_create(input.into());
        if input {
            opj_stream_set_read_function(stream, Some(read));
            opj_stream_set_user_data_length(stream, length as u64);
        } else {
            opj_stream_set_write_function(stream, Some(write));
        }
        opj_stream_set_skip_function(stream, Some(skip));
        opj_stream_set_seek_function(stream, Some(seek));
        opj_stream_set_user_data(stream, Box::into_raw(Box::new(memory.clone())).cast(), Some(free));
        Box::from_raw(stream.cast::<Stream>())
    }
}

/// The codestream of `samples` of `bits` bits each; without loss, or `ratio` times smaller than they are.
///
/// # Errors
/// `Backend` if the library refuses.
pub fn compress(samples: &[u16], picture: Picture, bits: u32, ratio: Option<f64>) -> Result<Vec<u8>, Error> {
    let mut image = image(samples, picture, bits)?;
    let mut parameters = opj_cparameters_t::default();
    let memory = Shared::default();
    parameters.tcp_numlayers = 1;
    parameters.numresolution = parameters.numresolution.min(1 + picture.rows.min(picture.columns).ilog2() as i32);
    parameters.cp_disto_alloc = 1;
    parameters.tcp_rates[0] = ratio.unwrap_or(0.0) as f32;
    parameters.irreversible = ratio.is_some().into();
    parameters.tcp_mct = (picture.colours > 1) as _;
    let mut output = stream(&memory, false);
    let mut codec = Codec::new_encoder(OPJ_CODEC_J2K).ok_or_else(|| Error::backend("no JPEG 2000 encoder"))?;
    let done = codec.setup_encoder(&mut parameters, &mut image) != 0
        && codec.start_compress(&mut image, &mut output) != 0
        && codec.encode(&mut output) != 0
        && codec.end_compress(&mut output) != 0;
    // Dropped streams write what they still hold.
    drop((codec, output));
    let bytes = std::mem::take(&mut memory.lock().unwrap_or_else(PoisonError::into_inner).bytes);
    if done && !bytes.is_empty() { Ok(bytes) } else { Err(Error::backend("OpenJPEG refuses the image")) }
}

fn image(samples: &[u16], picture: Picture, bits: u32) -> Result<Box<opj_image>, Error> {
    let length = |length: usize| u32::try_from(length).map_err(|_| Error::backend("an axis too long for JPEG 2000"));
    let (w, h) = (length(picture.columns)?, length(picture.rows)?);
    let component = || opj_image_comptparm { dx: 1, dy: 1, w, h, x0: 0, y0: 0, prec: bits, bpp: bits, sgnd: 0 };
    let components: Vec<_> = (0..picture.colours).map(|_| component()).collect();
    let space = if picture.colours > 1 { OPJ_CLRSPC_SRGB } else { OPJ_CLRSPC_GRAY };
    let mut image = opj_image::create(&components, space).ok_or_else(|| Error::backend("OpenJPEG is out of memory"))?;
    (image.x1, image.y1) = (w, h);
    let planes = image.comps_mut().ok_or_else(|| Error::backend("OpenJPEG makes no image"))?;
    for (colour, plane) in planes.iter_mut().enumerate() {
        let own = samples.iter().skip(colour).step_by(picture.colours);
        let target = plane.data_mut().ok_or_else(|| Error::backend("OpenJPEG makes no image"))?;
        target.iter_mut().zip(own).for_each(|(target, &sample)| *target = sample.into());
    }
    Ok(image)
}

/// The samples of what [`compress`] wrote. Nothing else may come here.
///
/// # Errors
/// `Corrupt` if the library refuses or it is another image.
pub fn decompress(bytes: &[u8], picture: Picture) -> Result<Vec<u16>, Error> {
    let memory: Shared = Arc::new(Mutex::new(Memory { bytes: bytes.to_vec(), at: 0 }));
    let mut input = stream(&memory, true);
    let mut codec = Codec::new_decoder(OPJ_CODEC_J2K).ok_or_else(|| Error::backend("no JPEG 2000 decoder"))?;
    let refused = || Error::corrupt(0, "no JPEG 2000 codestream of this image");
    if codec.setup_decoder(&mut opj_dparameters_t::default()) == 0 {
        return Err(refused());
    }
    let mut image = codec.read_header(&mut input).ok_or_else(refused)?;
    if codec.decode(&mut input, &mut image) == 0 || codec.end_decompress(&mut input) == 0 {
        return Err(refused());
    }
    let planes = image.comps().filter(|planes| planes.len() == picture.colours).ok_or_else(refused)?;
    let mut samples = vec![0; picture.axes().iter().product()];
    for (colour, plane) in planes.iter().enumerate() {
        let values =
            plane.data().filter(|values| values.len() * picture.colours == samples.len()).ok_or_else(refused)?;
        let targets = samples.iter_mut().skip(colour).step_by(picture.colours);
        targets.zip(values).for_each(|(target, value)| *target = (*value).clamp(0, u16::MAX.into()) as u16);
    }
    Ok(samples)
}
