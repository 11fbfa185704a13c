use super::{NpyArray, parse};
use proptest::prelude::*;

/// A file of version 1.0 with this header and these bytes behind it.
fn file(header: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(body);
    bytes
}

fn header(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
}

fn good(descr: &str, fortran: &str, shape: &str, body: &[u8]) -> NpyArray {
    parse(&file(&header(descr, fortran, shape), body)).unwrap()
}

#[test]
fn numbers_of_every_type_are_read() {
    let cases: [(&str, Vec<u8>, f64); 13] = [
        ("<f2", vec![0x00, 0xC1], -2.5),
        ("<f2", vec![0x01, 0x00], 2f64.powi(-24)),
        ("<f4", (-0.75f32).to_le_bytes().into(), -0.75),
        (">f4", (-0.75f32).to_be_bytes().into(), -0.75),
        ("<f8", 1e-300f64.to_le_bytes().into(), 1e-300),
        ("|i1", vec![0x80], -128.0),
        (">i2", (-2i16).to_be_bytes().into(), -2.0),
        ("<i4", (-70_000i32).to_le_bytes().into(), -70_000.0),
        ("<i8", (-5i64).to_le_bytes().into(), -5.0),
        ("|u1", vec![255], 255.0),
        ("<u2", 65_535u16.to_le_bytes().into(), 65_535.0),
        (">u4", 7u32.to_be_bytes().into(), 7.0),
        ("|b1", vec![1], 1.0),
    ];
    for (descr, bytes, number) in cases {
        let array = good(descr, "False", "(1,)", &bytes);
        assert_eq!((array.shape, array.data), (vec![1], vec![number]), "{descr}");
    }
}

#[test]
fn fortran_order_and_complex_numbers_come_in_c_order() {
    // numpy.asfortranarray([[0, 1, 2], [10, 11, 12]]), and a 1 + 2j, 3 + 4j of either order
    let array = good("|u1", "True", "(2, 3)", &[0, 10, 1, 11, 2, 12]);
    assert_eq!(array.data, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
    let body: Vec<u8> = [1f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let array = good("<c8", "True", "(2, 2)", &body);
    assert_eq!((array.shape, array.complex), (vec![2, 2, 2], true));
    assert_eq!(array.data, [1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0]);
}

#[test]
fn what_the_writer_wrote_is_read() {
    let path = tempfile::tempdir().unwrap().keep().join("a.npy");
    let mut writer = crate::io::NpyWriter::create(&path, &[2, 3]).unwrap();
    writer.write(&[0.5; 12]).unwrap();
    writer.finish().unwrap();
    let array = super::read_npy(&path).unwrap();
    assert_eq!((array.shape, array.data), (vec![2, 2, 3], vec![0.5; 12]));
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn damage_is_said_in_words() {
    let whole = file(&header("<f4", "False", "(2, 3)"), &[0; 24]);
    for (bytes, words) in [
        (vec![], "is empty"),
        (b"RIFF....WAVE".to_vec(), "is no .npy file"),
        (b"PK\x03\x04".to_vec(), "is an .npz archive"),
        (whole[..9].to_vec(), "ends within its header"),
        (whole[..40].to_vec(), "ends within its header"),
        (whole[..whole.len() - 1].to_vec(), "has 23 bytes of values, and its shape [2, 3] takes 24"),
        (b"\x93NUMPY\x09\x00\x00\x00".to_vec(), "is of version 9"),
        (file(&header("<f4", "False", "(18446744073709551615, 3)"), &[]), "claims more values than there can be"),
        (file(&header("<f4", "False", "(4611686018427387904,)"), &[]), "claims more values than there can be"),
        (file(&header("<f4", "False", "(-1,)"), &[]), "whose shape is none"),
        (file(&header("<f4", "False", &format!("({})", "1,".repeat(65))), &[0; 4]), "claims 65 axes"),
        (file(&header("|O", "False", "(1,)"), &[0; 8]), "holds values of type `|O`"),
        (file(&header("<U8", "False", "(1,)"), &[0; 32]), "holds values of type `<U8`"),
        (file(&header("é", "False", "(1,)"), &[0; 32]), "holds values of type `é`"),
        (file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", &[0; 4]), "holds records"),
        (file("{'descr': '<f4', 'shape': (1,), }", &[0; 4]), "without `fortran_order`"),
        (file("{'descr': '", &[]), "holds records"),
    ] {
        let why = parse(&bytes).unwrap_err();
        assert!(why.contains(words), "{why:?} does not say {words:?}");
    }
}

proptest! {
    #[test]
    fn no_file_makes_the_reader_panic(at in 0usize..120, byte: u8, length in 0usize..140, rest: Vec<u8>) {
        let mut bytes = file(&header("<f4", "True", "(2, 3)"), &[7; 24]);
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(length);
        drop(parse(&bytes));
        drop(parse(&file(&String::from_utf8_lossy(&rest), &rest)));
    }
}
