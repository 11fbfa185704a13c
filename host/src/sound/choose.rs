//! Which of the ways of a card is nearest to what is wished.
use super::card::{Face, Format, Range};
use std::cmp::Reverse;

/// What is wished of a stream; nothing where it does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Samples a second.
    pub rate: Option<u32>,
    /// Channels.
    pub channels: Option<u16>,
    /// Frames a callback.
    pub block: Option<u32>,
}

/// What a stream has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Got {
    /// Samples a second.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// Frames a callback, as the sound system says; callbacks may be shorter or longer.
    pub block: Option<u32>,
    /// How the card represents samples; callbacks always see 32-bit floating point.
    pub format: Format,
}

/// The nearest way: first by rate, then by channels, then by what samples lose.
pub(super) fn choose(face: &Face, wish: Wish) -> Option<Got> {
    let (usual_rate, usual_channels) = face.usual.unwrap_or((48000, 2));
    let wanted_rate = wish.rate.unwrap_or(usual_rate);
    let wanted_channels = wish.channels.unwrap_or(usual_channels);
    let usable = face.ranges.iter().filter(|range| fidelity(range.format).is_some());
    let nearest = usable.map(|range| (range, rate_within(range, wanted_rate))).min_by_key(|(range, rate)| {
        let channels = (range.channels < wanted_channels, range.channels.abs_diff(wanted_channels));
        (rate_loss(*rate, wanted_rate), channels, Reverse(fidelity(range.format)))
    });
    nearest.map(|(range, rate)| Got {
        rate,
        channels: range.channels,
        block: wish.block.map(|block| range.block.map_or(block, |(least, most)| block.clamp(least, most.max(least)))),
        format: range.format,
    })
}

/// Whether there is a way at all.
pub(super) fn is_usable(face: &Face) -> bool {
    face.ranges.iter().any(|range| fidelity(range.format).is_some())
}

/// The rate of a range that a wanted one is best made from, or made into: itself, else its smallest multiple, else the
/// next above, else the highest.
fn rate_within(range: &Range, wanted: u32) -> u32 {
    let (least, most) = range.rate;
    let multiple = least.max(1).div_ceil(wanted.max(1)) * wanted;
    if multiple >= least && multiple <= most { multiple } else { wanted.clamp(least, most) }
}

fn rate_loss(rate: u32, wanted: u32) -> (u32, u32) {
    let kind = match rate {
        _ if rate == wanted => 0,
        _ if wanted > 0 && rate.is_multiple_of(wanted) => 1,
        _ if rate > wanted => 2,
        _ => 3, // loses the highest frequencies
    };
    (kind, rate.abs_diff(wanted))
}

/// How much of a 32-bit floating-point sample a format keeps; `None` for those that are not of sound pressure.
fn fidelity(format: Format) -> Option<u8> {
    Some(match format {
        Format::F32 => 9,
        Format::F64 => 8,
        Format::I32 => 7,
        Format::U32 => 6,
        Format::I24 => 5,
        Format::U24 => 4,
        Format::I16 => 3,
        Format::U16 => 2,
        Format::I8 => 1,
        Format::U8 => 0,
        _ => return None, // 64-bit integers, which no card has, and DSD
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(channels: u16, rate: (u32, u32), format: Format) -> Range {
        Range { channels, rate, block: Some((64, 1024)), format }
    }

    fn chosen(ranges: &[Range], rate: u32, channels: u16, block: u32) -> (u32, u16, Option<u32>, Format) {
        let face = Face { ranges: ranges.to_vec(), usual: Some((44100, 2)) };
        let wish = Wish { rate: Some(rate), channels: Some(channels), block: Some(block) };
        let got = choose(&face, wish).unwrap();
        (got.rate, got.channels, got.block, got.format)
    }

    #[test]
    fn what_is_wished_is_taken_where_the_card_has_it() {
        let ranges = [range(1, (8000, 96000), Format::I16), range(2, (8000, 96000), Format::F32)];
        assert_eq!(chosen(&ranges, 16000, 1, 128), (16000, 1, Some(128), Format::I16));
        assert_eq!(chosen(&ranges, 16000, 2, 128), (16000, 2, Some(128), Format::F32));
    }

    #[test]
    fn a_rate_that_is_a_multiple_is_nearer_than_one_that_is_close() {
        let ranges = [range(2, (44100, 44100), Format::F32), range(2, (48000, 48000), Format::I16)];
        assert_eq!(chosen(&ranges, 16000, 2, 256).0, 48000);
        assert_eq!(chosen(&ranges, 22050, 2, 256).0, 44100);
        assert_eq!(chosen(&ranges, 40000, 2, 256).0, 44100, "above, so that nothing is lost");
        assert_eq!(chosen(&ranges, 96000, 2, 256).0, 48000, "the highest there is");
    }

    #[test]
    fn a_card_of_too_few_channels_gives_all_it_has_and_blocks_stay_in_its_range() {
        let ranges = [range(1, (48000, 48000), Format::F32), range(2, (48000, 48000), Format::F32)];
        assert_eq!(chosen(&ranges, 48000, 6, 16), (48000, 2, Some(64), Format::F32));
        let face = Face { ranges: ranges.to_vec(), usual: Some((48000, 2)) };
        assert_eq!(choose(&face, Wish::default()).unwrap().channels, 2, "the usual");
        assert_eq!(choose(&Face::default(), Wish::default()), None);
    }
}
