//! A wheel with a model in it, and the catalogue of the team that shares it.
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub const WHEEL: &str = "our_models-1.2.0-py3-none-any.whl";

/// The files of the wheel: where they are in it, their names once installed, and what is in them.
pub fn files() -> [(&'static str, &'static str, Vec<u8>); 3] {
    // Numbers that no packer makes smaller.
    let mut x = 1_u32;
    let noise = std::iter::repeat_with(|| {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    });
    [
        ("our_models/data/voice.onnx", "voice.onnx", noise.take(300_000).collect()),
        ("our_models/data/words.txt", "words.txt", b"yes\nno\n".repeat(1000)),
        ("our_models-1.2.0.dist-info/licenses/LICENSE", "LICENSE", b"Do as you like.\n".to_vec()),
    ]
}

pub fn wheel() -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(vec![]));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, _, bytes) in files() {
        zip.start_file(path, options).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A catalogue with the model `our-model`; `change` may make it another.
pub fn catalogue(folder: &Path, change: impl Fn(String) -> String) -> PathBuf {
    let wheel = wheel();
    let file = |(path, name, bytes): (&str, &str, Vec<u8>)| {
        format!("{{ path = \"{path}\", name = \"{name}\", size = {}, sha256 = \"{}\" }}", bytes.len(), sum(&bytes))
    };
    let text = format!(
        "[our-model]\nkind = \"model\"\nwhat = \"Hears us\"\nversion = \"1.2.0\"\nlicence = \"MIT\"\n\
         package = \"Our.Models\"\n[[our-model.from]]\narchive = \"{WHEEL}\"\nsize = {}\nsha256 = \"{}\"\nfiles = [{}]\n",
        wheel.len(),
        sum(&wheel),
        files().map(file).join(", ")
    );
    let path = folder.join("team.toml");
    std::fs::write(&path, change(text)).unwrap();
    path
}
