//! The [`api::Compressor`] trait and every method that codecbench compares. See `README.md` for how to add one.

pub mod api;
pub mod shared;

#[path = "adaptive-grid/mod.rs"]
pub mod adaptive_grid;
#[path = "block-dct/mod.rs"]
pub mod block_dct;
#[cfg(feature = "fpzip")]
pub mod fpzip;
pub mod gmm;
#[path = "haar-pair/mod.rs"]
pub mod haar_pair;
pub mod hermite;
pub mod hybrid;
pub mod identity;
#[cfg(feature = "jpeg")]
pub mod jpeg;
#[cfg(feature = "jpeg-2000")]
#[path = "jpeg-2000/mod.rs"]
pub mod jpeg_2000;
#[cfg(feature = "jpeg-ls")]
#[path = "jpeg-ls/mod.rs"]
pub mod jpeg_ls;
#[cfg(feature = "jpeg-xl")]
#[path = "jpeg-xl/mod.rs"]
pub mod jpeg_xl;
#[cfg(feature = "lerc")]
pub mod lerc;
pub mod lz4;
pub mod lzma;
pub mod octree;
#[cfg(feature = "openzl")]
pub mod openzl;
pub mod pca;
pub mod pco;
pub mod quantize;
#[path = "spatial-delta/mod.rs"]
pub mod spatial_delta;
#[cfg(feature = "sperr")]
pub mod sperr;
#[path = "spherical-harmonics/mod.rs"]
pub mod spherical_harmonics;
#[cfg(feature = "sz3")]
pub mod sz3;
#[path = "tucker-octree/mod.rs"]
pub mod tucker_octree;
pub mod wavelet;
#[cfg(feature = "zfp")]
pub mod zfp;
pub mod zlib;
pub mod zstd;

use api::Entry;

/// Every method, in the order of lists and tables: the baseline first, then general codecs, then transforms.
pub static METHODS: &[Entry] = &[
    Entry::of::<identity::Identity>(),
    Entry::of::<zlib::Zlib>(),
    Entry::of::<lz4::Lz4>(),
    Entry::of::<zstd::Zstd>(),
    Entry::of::<lzma::Lzma>(),
    Entry::of::<pco::Pco>(),
    #[cfg(feature = "openzl")]
    Entry::of::<openzl::Openzl>().with_feature("openzl"),
    #[cfg(not(feature = "openzl"))]
    Entry::not_built("openzl", "openzl"),
    #[cfg(feature = "fpzip")]
    Entry::of::<fpzip::Fpzip>().with_feature("fpzip"),
    #[cfg(not(feature = "fpzip"))]
    Entry::not_built("fpzip", "fpzip"),
    Entry::of::<quantize::Quantize>(),
    Entry::of::<spatial_delta::SpatialDelta>(),
    Entry::of::<adaptive_grid::AdaptiveGrid>(),
    Entry::of::<hybrid::Hybrid>(),
    #[cfg(feature = "sz3")]
    Entry::of::<sz3::Sz3>().with_feature("sz3"),
    #[cfg(not(feature = "sz3"))]
    Entry::not_built("sz3", "sz3"),
    #[cfg(feature = "sperr")]
    Entry::of::<sperr::Sperr>().with_feature("sperr"),
    #[cfg(not(feature = "sperr"))]
    Entry::not_built("sperr", "sperr"),
    #[cfg(feature = "zfp")]
    Entry::of::<zfp::Zfp>().with_feature("zfp"),
    #[cfg(not(feature = "zfp"))]
    Entry::not_built("zfp", "zfp"),
    #[cfg(feature = "lerc")]
    Entry::of::<lerc::Lerc>().with_feature("lerc"),
    #[cfg(not(feature = "lerc"))]
    Entry::not_built("lerc", "lerc"),
    #[cfg(feature = "jpeg-ls")]
    Entry::of::<jpeg_ls::JpegLs>().with_feature("jpeg-ls"),
    #[cfg(not(feature = "jpeg-ls"))]
    Entry::not_built("jpeg-ls", "jpeg-ls"),
    #[cfg(feature = "jpeg-2000")]
    Entry::of::<jpeg_2000::Jpeg2000>().with_feature("jpeg-2000"),
    #[cfg(not(feature = "jpeg-2000"))]
    Entry::not_built("jpeg-2000", "jpeg-2000"),
    #[cfg(feature = "jpeg-xl")]
    Entry::of::<jpeg_xl::JpegXl>().with_feature("jpeg-xl"),
    #[cfg(not(feature = "jpeg-xl"))]
    Entry::not_built("jpeg-xl", "jpeg-xl"),
    #[cfg(feature = "jpeg")]
    Entry::of::<jpeg::Jpeg>().with_feature("jpeg"),
    #[cfg(not(feature = "jpeg"))]
    Entry::not_built("jpeg", "jpeg"),
    Entry::of::<haar_pair::HaarPair>(),
    Entry::of::<block_dct::BlockDct>(),
    Entry::of::<wavelet::Wavelet>(),
    Entry::of::<pca::Pca>(),
    Entry::of::<tucker_octree::TuckerOctree>(),
    Entry::of::<octree::Octree>(),
    Entry::of::<hermite::Hermite>(),
    Entry::of::<spherical_harmonics::SphericalHarmonics>(),
    Entry::of::<gmm::Gmm>(),
];
