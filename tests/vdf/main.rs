//! Sizes and errors on the 50 x 50 x 50 sample VDF that others have measured (Asterix notebook, as float32), where the
//! data is present.

mod codecs;
mod datasets;
mod edges;
mod gmm;
mod hermite;
mod notebook;
mod octree;
mod pca;
mod sample;
mod spherical_harmonics;
mod transforms;
mod tucker_octree;
