//! Links fpzip into the library itself. The crate that ships its sources links it as a shared library, which a binary would
//! not find outside of cargo; so only the sources are taken from there.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "fpzip")]
    fpzip::compile();
}

#[cfg(feature = "fpzip")]
mod fpzip {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    /// The crate that ships the sources.
    const CRATE: &str = "fpzip-sys";
    /// The parts of the library.
    const FILES: [&str; 6] = ["error.cpp", "rcdecoder.cpp", "rcencoder.cpp", "rcqsmodel.cpp", "read.cpp", "write.cpp"];

    /// Compiles the sources and links them statically.
    pub fn compile() {
        let folder = sources();
        cc::Build::new()
            .cpp(true)
            .warnings(false)
            .include(folder.join("include"))
            .files(FILES.map(|file| folder.join("src").join(file)))
            // What the library's own build sets.
            .define("FPZIP_FP", "FPZIP_FP_FAST")
            .define("FPZIP_BLOCK_SIZE", "4096")
            // Predictions must be the same numbers in encoder and decoder, on any machine.
            .flag_if_supported("-ffp-contract=off")
            .compile("fpzip_static");
    }

    /// Where cargo keeps the library's sources.
    fn sources() -> PathBuf {
        let cargo = std::env::var_os("CARGO").expect("cargo runs this");
        let target = std::env::var("TARGET").expect("cargo says what it compiles for");
        let output = Command::new(cargo)
            .args(["metadata", "--format-version=1", "--offline", "--locked", "--no-default-features"])
            .args(["--features=codecbench-methods/fpzip", "--filter-platform", &target, "--manifest-path"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
        let manifests = text.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
        let folders =
            manifests.filter_map(|path| Some(PathBuf::from(path.replace("\\\\", "\\")).parent()?.to_path_buf()));
        let ours = |folder: &PathBuf| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name == CRATE || name.strip_prefix(CRATE).is_some_and(|rest| rest.starts_with('-'))
        };
        let mut found = folders.filter(ours);
        found.next().expect("fpzip-sys is a dependency").join("fpzip")
    }
}
