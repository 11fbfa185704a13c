//! Worker libraries in C, built as their authors would.
#![allow(dead_code)] // not every test uses all of it

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles a C file to a library of that name in a folder.
pub fn library(source: &Path, folder: &Path, name: &str) -> PathBuf {
    let output = folder.join(name).with_extension(std::env::consts::DLL_EXTENSION);
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let mut cc = Command::new(&compiler);
    cc.args(["-std=c11", "-O1", "-shared", "-fPIC", "-I"]).arg(aw_tests::file("workers/abi"));
    cc.arg("-I").arg(aw_tests::file("tests/workers/hostile")).arg(source).args(["-lm", "-o"]).arg(&output);
    let ran = cc.output().unwrap_or_else(|why| panic!("these tests need a C compiler; `{compiler}`: {why}"));
    assert!(ran.status.success(), "{}: {}", source.display(), String::from_utf8_lossy(&ran.stderr));
    output
}

/// A faultless library whose `spoil` does one thing wrong.
pub fn spoilt(folder: &Path, name: &str, spoil: &str) -> PathBuf {
    let source = folder.join(format!("{name}.c"));
    std::fs::write(&source, format!("#include \"good.h\"\nstatic void spoil(void) {{ {spoil} }}\n")).unwrap();
    library(&source, folder, name)
}

/// A faultless library with one worker of this id.
pub fn called(folder: &Path, name: &str, id: &str) -> PathBuf {
    spoilt(folder, name, &format!("worker.id = \"{id}\";"))
}

/// The names of the C files in a folder below `tests/workers`, without `.c`.
pub fn files(folder: &str) -> Vec<String> {
    let found = std::fs::read_dir(aw_tests::file("tests/workers").join(folder)).unwrap();
    let names = found.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".c").map(String::from)).collect();
    names.sort();
    names
}

/// Builds `louder`, a worker whose gain is fixed in its code, as its author does: into the place of the one before.
pub fn louder(folder: &Path, gain: f32) -> PathBuf {
    let sources = folder.join("source");
    std::fs::create_dir_all(&sources).unwrap();
    let source = sources.join("louder.c");
    let text = format!(
        "#include \"good.h\"\n\
         static aw_status louder(aw_instance *it, const aw_block *block) {{\n\
           aw_status status = process(it, block);\n\
           for (uint32_t i = 0; i < block->outputs[0].frames; i++) ((float *)block->outputs[0].data)[i] *= {gain:?}f;\n\
           return status;\n\
         }}\n\
         static void spoil(void) {{ worker.id = \"louder\", worker.process = louder; }}\n"
    );
    std::fs::write(&source, text).unwrap();
    library(&source, folder, "louder")
}
