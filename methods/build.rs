//! Links fpzip into the library itself. The crate that ships its sources links it as a shared library, which a binary would
//! not find outside of cargo; so only the sources are taken from there.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "fpzip")]
    fpzip::compile();
}

#[cfg(feature = "fpzip")]
mod fpzip {
    use std::env;
    use std::fs;
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
        let cargo = env::var_os("CARGO").expect("cargo runs this");
        let target = env::var("TARGET").expect("cargo says what it compiles for");
        let output = Command::new(cargo)
            .args(["metadata", "--format-version=1", "--offline", "--filter-platform", &target, "--manifest-path"])
            .arg(package())
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

    /// The manifest of a package that depends on the sources' crate alone. Of ours cargo would want to read what only its
    /// tests depend on, which is not on a machine where they were never built.
    fn package() -> PathBuf {
        let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write")).join("sources");
        let (manifest, library) = (folder.join("Cargo.toml"), folder.join("lib.rs"));
        let text = format!(
            "[package]\nname = \"sources\"\n[lib]\npath = \"lib.rs\"\n[dependencies]\n{CRATE} = \"*\"\n[workspace]\n"
        );
        fs::create_dir_all(&folder).expect("the output folder can be written");
        fs::write(&manifest, text).expect("the output folder can be written");
        fs::write(library, "").expect("the output folder can be written");
        let locks = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("Cargo.lock"));
        if let Some(lock) = locks.into_iter().find(|lock| lock.exists()) {
            // The version that is compiled, where there are others.
            fs::copy(lock, folder.join("Cargo.lock")).expect("the output folder can be written");
        }
        manifest
    }
}
