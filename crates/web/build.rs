//! Puts the built console into the binary: a table of its files, each with its name on the web, its kind, what tells one
//! content from another, and its compressed forms.
//!
//! The console is built by `npm run build` in `console/`. Where it was not, the table is empty and everything else works.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is"));
    let dist = root.join("../../console/dist");
    // There whether or not the console was built, so that a build of the console is noticed and nothing else is.
    println!("cargo:rerun-if-changed={}", dist.display());
    let app = dist.join("app");
    let mut files = Vec::new();
    collect(&app, &mut files);
    files.sort();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write")).join("assets.rs");
    let mut table = fs::File::create(out).expect("the table can be written");
    writeln!(table, "&[").expect("the table can be written");
    for file in files {
        let name = file.strip_prefix(&app).expect("a file of the console");
        let name = format!("/{}", name.display());
        let bytes = fs::read(&file).expect("a file of the console can be read");
        let form = |suffix: &str| {
            let path = PathBuf::from(format!("{}{suffix}", file.display()));
            if path.exists() {
                format!(
                    "Some(include_bytes!({:?}).as_slice())",
                    path.display().to_string()
                )
            } else {
                String::from("None")
            }
        };
        writeln!(
            table,
            "Asset {{ path: {name:?}, tag: \"\\\"{:016x}\\\"\", plain: include_bytes!({:?}).as_slice(), gzip: {}, brotli: {} }},",
            fnv(&bytes),
            file.display().to_string(),
            form(".gz"),
            form(".br"),
        )
        .expect("the table can be written");
    }
    writeln!(table, "]").expect("the table can be written");
}

/// Files below a directory but their compressed forms.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if !path.extension().is_some_and(|kind| kind == "br" || kind == "gz") {
            files.push(path);
        }
    }
}

/// FNV-1a: tells contents of our own apart.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
