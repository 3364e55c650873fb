//! Builds again when a manifest is added to `datasets/`, since the manifests are embedded.

fn main() {
    println!("cargo::rerun-if-changed=datasets");
}
