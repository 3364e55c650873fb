//! The [`api::Compressor`] trait and every method that codecbench compares. See `README.md` for how to add one.

pub mod api;
pub mod shared;

#[path = "adaptive-grid/mod.rs"]
pub mod adaptive_grid;
#[path = "block-dct/mod.rs"]
pub mod block_dct;
pub mod gmm;
#[path = "haar-pair/mod.rs"]
pub mod haar_pair;
pub mod hermite;
pub mod hybrid;
pub mod identity;
pub mod lz4;
pub mod lzma;
pub mod octree;
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
