//! A folder with small data sets and a recipe, and sweeps in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A folder with two data sets, their manifests, and a recipe over them.
pub struct Bench(TempDir);

pub const RECIPE: &str = r#"
title = "Test"
datasets = ["wave.toml", "grain.toml"]
methods = ["identity", "zlib:level=1..9", "adaptive-grid:predictor=linear,cubic"]
targets = ["lossless", "rel=1e-2..1e-4", "psnr=60"]

[[exclude]]
dataset = "grain"
target = "psnr=*"
reason = "tried once"
"#;

/// Data sets x parameter sets x targets of the recipe.
pub const CELLS: usize = 2 * 12 * 5;

impl Bench {
    pub fn new() -> Self {
        let bench = Bench(tempfile::tempdir().expect("a temporary folder"));
        let wave: Vec<u8> = (0..40 * 40 * 40)
            .map(|at| (at / 1600) as f32 * 0.1 + ((at / 40 % 40) as f32 * 0.3).sin() + ((at % 40) as f32 * 0.2).cos())
            .flat_map(f32::to_le_bytes)
            .collect();
        let grain: Vec<u8> =
            (0..20_000u32).map(|at| (at * at / 7 % 251) as i16 - 99).flat_map(i16::to_le_bytes).collect();
        bench.dataset("wave", "float32", "[40, 40, 40]", &wave);
        bench.dataset("grain", "int16", "[100, 200]", &grain);
        bench.file("sweep.toml", RECIPE);
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder is writable");
    }

    pub fn dataset(&self, name: &str, dtype: &str, shape: &str, bytes: &[u8]) {
        fs::write(self.path(&format!("{name}.raw")), bytes).expect("the folder is writable");
        let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let manifest = format!(
            "name = \"{name}\"\nfile = \"{name}.raw\"\nkind = \"field\"\ndtype = \"{dtype}\"\nshape = {shape}\n\
             byteorder = \"little\"\nsha256 = \"{sha256}\"\n"
        );
        self.file(&format!("{name}.toml"), &manifest);
    }

    /// `codecbench sweep` in this folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_codecbench"));
        command.current_dir(self.0.path()).env_remove("CODECBENCH_DATA").arg("sweep").args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Sweeps the recipe into a folder of its own and returns `results.csv`.
    pub fn results(&self, out: &str, arguments: &[&str]) -> String {
        let output = self.run(&[&["sweep.toml", "--out", out], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.read(&format!("{out}/results.csv"))
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the sweep wrote it")
    }
}

/// Rows of a journal or of results that are complete; no cell of these sweeps holds a line end.
pub fn rows(path: &Path, heading: usize) -> usize {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.matches('\n').count().saturating_sub(heading)
}
