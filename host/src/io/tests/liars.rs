//! Headers that lie and files that end too soon: what is there is read, and what was odd is said.

use super::*;

/// The file is read whole, with one warning about `word`, or none.
#[track_caller]
fn whole(bytes: &[u8], word: Option<&str>) {
    let heard = hear_both(bytes);
    assert_eq!(heard.samples, stereo().2);
    assert_eq!(heard.warnings.len(), usize::from(word.is_some()), "{:?}", heard.warnings);
    assert!(heard.warnings.iter().all(|text| text.starts_with("`x.wav` ")));
    assert!(word.is_none_or(|word| heard.warnings[0].contains(word)), "{:?}", heard.warnings);
}

#[test]
fn the_length_of_the_data_is_believed_only_as_far_as_the_file_goes() {
    let (format, body, _) = stereo();
    let claiming = |length| wav(&[format.chunk(), lying_chunk(b"data", length, &body)]);
    whole(&claiming(body.len() as u32 + 4000), Some("promises 1050 frames and holds 50"));
    whole(&claiming(0), Some("says that it holds no samples"));
    // Written into a pipe by ffmpeg, sox and arecord; sox rounds to whole frames.
    for open in [u32::MAX, 0x7fff_f000, 0x8000_0000, 0x7fff_ffff, 0x7fff_fffc] {
        whole(&claiming(open), None);
        assert_eq!(hear_file(&claiming(open)).unwrap().spec.frames, Some(50));
        assert_eq!(hear_pipe(&claiming(open)).unwrap().spec.frames, None);
    }
}

#[test]
fn the_outer_length_does_not_matter() {
    let (format, body, _) = stereo();
    for outer in [0u32, 4, 100, 0xffff_fff0, u32::MAX] {
        let mut bytes = wav(&[format.chunk(), chunk(b"data", &body)]);
        bytes[4..8].copy_from_slice(&outer.to_le_bytes());
        whole(&bytes, None);
    }
}

#[test]
fn other_chunks_stand_anywhere() {
    let (format, body, _) = stereo();
    let (format, data, list) = (format.chunk(), chunk(b"data", &body), chunk(b"LIST", b"INFOISFT\x05\0\0\0abcd\0"));
    whole(&wav(&[list.clone(), format.clone(), list.clone(), data.clone(), list.clone()]), None);
    whole(&wav(&[chunk(b"JUNK", b"odd"), format.clone(), chunk(b"PAD ", &[7; 5001]), data.clone()]), None);
    // Without the padding that an odd length asks for.
    whole(&wav(&[lying_chunk(b"JUNK", 3, b"odd"), format.clone(), data.clone()]), None);
    whole(
        &wav(&[format, lying_chunk(b"bext", 5, b"12345"), lying_chunk(b"cue ", 1, b"1"), data, b"rest".to_vec()]),
        None,
    );
}

#[test]
fn fields_that_follow_from_others_may_be_wrong() {
    let (format, body, _) = stereo();
    for block in [0, 1, 3, 17, 65535] {
        let lying = Format { block, ..format };
        whole(&wav(&[lying.chunk(), chunk(b"data", &body)]), Some(&format!("says a frame is {block} bytes")));
    }
    whole(&wav(&[Format { speed: 12345, ..format }.chunk(), chunk(b"data", &body)]), None);
    // An extensible format whose valid bits nobody filled in, and a plain one with bytes behind it.
    whole(&wav(&[Format { valid: Some(0), ..format }.chunk(), chunk(b"data", &body)]), None);
    let mut longer = format.chunk()[8..].to_vec();
    longer.extend([0; 30]);
    whole(&wav(&[chunk(b"fmt ", &longer), chunk(b"data", &body)]), None);
}

#[test]
fn a_recording_that_was_cut_off_is_read_up_to_the_cut() {
    let (format, body, samples) = stereo();
    let bytes = wav(&[format.chunk(), chunk(b"data", &body)]);
    let heard = hear_both(&bytes[..bytes.len() - 8]);
    assert_eq!((heard.samples.as_slice(), heard.spec.frames), (&samples[..96], Some(48)));
    assert_eq!(heard.warnings, ["`x.wav` is cut short: it promises 50 frames and holds 48"]);

    let heard = hear_both(&bytes[..bytes.len() - 9]);
    assert_eq!(heard.samples, samples[..94]);
    assert_eq!(heard.warnings[1], "`x.wav` ends inside a frame; its last 3 bytes are left out");
    assert_eq!(heard.warnings.len(), 2);

    let odd = wav(&[format.chunk(), chunk(b"data", &[&body[..], b"abc"].concat())]);
    whole(&odd, Some("its last 3 bytes are left out"));
}

#[test]
fn a_file_may_hold_nothing() {
    let format = stereo().0.chunk();
    let empty = chunk(b"data", b"");
    for (chunks, word) in [
        (vec![format.clone(), empty.clone()], "holds no samples"),
        (vec![format.clone(), empty, chunk(b"LIST", b"INFOISFT\x02\0\0\0a\0")], "holds no samples"),
        (vec![format.clone()], "ends before its samples"),
        (vec![format, b"da".to_vec()], "ends before its samples"),
    ] {
        let heard = hear_both(&wav(&chunks));
        assert_eq!((heard.samples.len(), heard.spec.frames), (0, Some(0)));
        assert_eq!(heard.warnings, [format!("`x.wav` {word}")]);
    }
}

#[test]
fn nonsense_is_refused_with_its_reason() {
    let (format, body, _) = stereo();
    let data = chunk(b"data", &body);
    let with = |format: Format| refusal(&wav(&[format.chunk(), data.clone()]));
    let way_out = "convert it: ffmpeg -i x.wav x.pcm.wav";
    for (text, expected) in [
        (refusal(b""), "`x.wav` is empty"),
        (refusal(b"RIF"), &format!("`x.wav` is neither WAV nor FLAC; {way_out}")),
        (refusal(b"Dear diary, today"), &format!("`x.wav` is neither WAV nor FLAC; {way_out}")),
        (refusal(&wav(&[])), "`x.wav` ends before it says what it holds"),
        (refusal(&wav(std::slice::from_ref(&data))), "`x.wav` has its samples before the chunk that describes them"),
        (
            refusal(&wav(&[lying_chunk(b"LIST", 70_000, b"abc")])),
            "`x.wav` ends before its samples, inside a chunk that claims to be longer",
        ),
        (
            refusal(&wav(&[chunk(b"fmt ", &format.chunk()[8..20]), data.clone()])),
            "`x.wav` does not say what it holds: its `fmt ` chunk is cut short",
        ),
        (with(Format { channels: 0, ..format }), "`x.wav` says it has 0 channels; 1 to 64 can be read"),
        (with(Format { channels: 60_000, ..format }), "`x.wav` says it has 60000 channels; 1 to 64 can be read"),
        (with(Format { rate: 0, ..format }), "`x.wav` says its sample rate is 0 Hz; 1 to 1536000 Hz can be read"),
        (
            with(Format { rate: u32::MAX, ..format }),
            "`x.wav` says its sample rate is 4294967295 Hz; 1 to 1536000 Hz can be read",
        ),
        (with(Format { bits: 0, ..format }), &format!("`x.wav` is a WAV file of 0 bits a sample; {way_out}")),
        (with(Format { bits: 77, ..format }), &format!("`x.wav` is a WAV file of 77 bits a sample; {way_out}")),
        (with(Format { tag: 2, bits: 4, ..format }), &format!("`x.wav` is a WAV file with ADPCM inside; {way_out}")),
        (with(Format { tag: 0x55, ..format }), &format!("`x.wav` is a WAV file with MP3 inside; {way_out}")),
    ] {
        assert_eq!(text, expected);
    }
}
